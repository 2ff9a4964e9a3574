import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { api, rememberToken } from '../../api/client';
import { useText } from '../../i18n/text';
import { Problem } from '../../ui/basics';
import { Entrance } from './Entrance';

/** Sign in with an address and a password; the organisation is asked for only where one address has several. */
export function SignInPage() {
  const t = useText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { next } = useSearch({ strict: false }) as { next?: string };
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const organisation = String(form.get('organisation') ?? '').trim();
    setBusy(true);
    setError(null);
    try {
      const body = { email: String(form.get('email')), password: String(form.get('password')) };
      const { data } = await api.POST('/api/v1/session', { body: organisation ? { ...body, organisation } : body });
      rememberToken(data?.csrfToken ?? null);
      client.clear();
      const inside = next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/sign-in');
      const wanted = new URL((inside && next) || '/', window.location.origin);
      await navigate({ to: wanted.pathname, search: Object.fromEntries(wanted.searchParams) as never });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Entrance title={t('signIn.title')}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <TextInput name="email" type="email" label={t('signIn.email')} autoComplete="username" required autoFocus />
          <PasswordInput
            name="password"
            label={t('signIn.password')}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.show'), tabIndex: 0 }}
          />
          <TextInput name="organisation" label={t('signIn.organisation')} description={t('signIn.organisationAbout')} autoComplete="organization" />
          {error !== null && <Problem error={error} />}
          <Button type="submit" loading={busy} mt="xs">{t('signIn.submit')}</Button>
          <Text size="sm" c="dimmed">{t('signIn.lost')}</Text>
        </Stack>
      </form>
    </Entrance>
  );
}
