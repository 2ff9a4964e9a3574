import { Button, Code, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api, rememberToken } from '../../api/client';
import { useText } from '../../i18n/text';
import { CopyAction, Problem } from '../../ui/basics';
import { Entrance } from './Entrance';

const PASSWORD_LENGTH_MIN = 15;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A password that is easy to type and hard to guess: five groups of four letters. */
function madePassword(): string {
  const drawn = crypto.getRandomValues(new Uint8Array(20));
  const letters = [...drawn].map((number) => LETTERS[number % LETTERS.length]);
  return [0, 4, 8, 12, 16].map((place) => letters.slice(place, place + 4).join('')).join('-');
}

/** What stands behind # in a one-time link; browsers do not send it to any server. */
function fragment(): { link: string; email: string } {
  const found = new URLSearchParams(window.location.hash.slice(1));
  return { link: found.get('link') ?? '', email: found.get('email') ?? '' };
}

/** Choose a password by a one-time link, and be signed in with it. */
export function WelcomePage() {
  const t = useText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [given] = useState(fragment);
  const [email, setEmail] = useState(given.email);
  const [password, setPassword] = useState('');
  const [made, setMade] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await api.POST('/api/v1/password', { body: { link: given.link, password } });
      const { data } = await api.POST('/api/v1/session', { body: { email, password } });
      rememberToken(data?.csrfToken ?? null);
      client.clear();
      await navigate({ to: '/', hash: '' });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const make = () => {
    const text = madePassword();
    setMade(text);
    setPassword(text);
  };
  return (
    <Entrance title={t('welcome.title')}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <Text size="sm">{given.link ? t('welcome.about') : t('welcome.noLink')}</Text>
          <TextInput type="email" label={t('signIn.email')} autoComplete="username" required value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
          <PasswordInput
            label={t('welcome.password')}
            description={t('welcome.length', { least: PASSWORD_LENGTH_MIN })}
            autoComplete="new-password"
            required
            minLength={PASSWORD_LENGTH_MIN}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.show'), tabIndex: 0 }}
          />
          {made ? (
            <Stack gap={6}>
              <Text size="sm">{t('welcome.made')}</Text>
              <Code block>{made}</Code>
              <CopyAction text={made}>{t('welcome.copy')}</CopyAction>
            </Stack>
          ) : (
            <Button variant="default" onClick={make}>{t('welcome.make')}</Button>
          )}
          {error !== null && <Problem error={error} />}
          <Button type="submit" loading={busy} disabled={!given.link}>{t('welcome.submit')}</Button>
        </Stack>
      </form>
    </Entrance>
  );
}
