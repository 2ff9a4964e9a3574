import { useLocalStorage } from '@mantine/hooks';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { IntlProvider } from 'react-intl';
import english from './en.json';

export type MessageId = keyof typeof english;
export type LanguageCode = 'en' | 'de';
export const LANGUAGES: Record<LanguageCode, string> = { en: 'English', de: 'Deutsch' };

const LanguageContext = createContext<{ language: LanguageCode; choose: (code: LanguageCode) => void }>({
  language: 'en',
  choose: () => undefined,
});

/** The language of the pages, which is also asked of the server for its sentences. */
export function useLanguage() {
  return useContext(LanguageContext);
}

/** Numbers and dates are written as the browser's own region does, if it speaks the language of the pages. */
function localeOf(language: LanguageCode): string {
  return navigator.languages.find((one) => one.startsWith(language)) ?? (language === 'en' ? 'en-GB' : 'de-DE');
}

export function Language({ children }: { children: ReactNode }) {
  const [language, choose] = useLocalStorage<LanguageCode>({
    key: 'milepost-language',
    defaultValue: navigator.language.startsWith('de') ? 'de' : 'en',
    getInitialValueInEffect: false,
  });
  const [messages, setMessages] = useState<Record<string, string>>(english);
  useEffect(() => {
    document.documentElement.lang = language;
    if (language === 'en') setMessages(english);
    else void import('./de.json').then((loaded) => setMessages({ ...english, ...loaded.default }));
  }, [language]);
  return (
    <LanguageContext.Provider value={{ language, choose }}>
      <IntlProvider locale={localeOf(language)} messages={messages} onError={() => undefined}>
        {children}
      </IntlProvider>
    </LanguageContext.Provider>
  );
}
