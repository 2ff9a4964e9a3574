import { useCallback } from 'react';
import { useIntl } from 'react-intl';
import type { MessageId } from './Language';

export type Values = Record<string, string | number>;
export type Text = (id: MessageId, values?: Values) => string;

/** A function that returns the message of an id in the language of the pages. */
export function useText(): Text {
  const intl = useIntl();
  return useCallback((id: MessageId, values?: Values) => intl.formatMessage({ id }, values), [intl]);
}

/** A message whose id is made from a word of the API; the word itself where there is no message for it. */
export function useWord(): (prefix: string, word: string) => string {
  const intl = useIntl();
  return useCallback(
    (prefix: string, word: string) => {
      const id = `${prefix}.${word}`;
      return intl.messages[id] ? intl.formatMessage({ id }) : word;
    },
    [intl],
  );
}
