import { Alert, Button, Drawer, Group, Stack, Switch, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { $api, api, type Schemas } from '../api/client';
import { useText, useWord } from '../i18n/text';
import { Answered, DRAWER_ATTRIBUTES, Problem } from '../ui/basics';
import { IconClock } from '../ui/icons';
import { TimeText } from '../ui/time';
import { useMay } from './session';

type Clock = Schemas['ClockAnswer'];

/** The badge of a sandbox in the header, and the drawer in which its clock is moved. */
export function SandboxClock({ name }: { name: string }) {
  const t = useText();
  const [opened, { open, close }] = useDisclosure();
  const { data } = $api.useQuery('get', '/api/v1/clock', {}, { staleTime: 5_000 });
  return (
    <>
      <Button variant="default" className="sandbox-badge" leftSection={<IconClock size={16} aria-hidden />} onClick={open}>
        {t('sandbox.badge')}
        {data && <span className="wide-only">&nbsp;· <TimeText at={data.now} /></span>}
      </Button>
      <Drawer opened={opened} onClose={close} position="right" size="md" title={t('sandbox.title', { name })} attributes={DRAWER_ATTRIBUTES} closeButtonProps={{ 'aria-label': t('close') }}>
        <ClockPanel name={name} />
      </Drawer>
    </>
  );
}

function ClockPanel({ name }: { name: string }) {
  const t = useText();
  const may = useMay();
  const query = $api.useQuery('get', '/api/v1/clock', {}, { staleTime: 0 });
  const { moved, error, busy, move, reset } = useMoves();
  return (
    <Stack gap="lg">
      <Text size="sm">{t('sandbox.about')}</Text>
      <Answered query={query} height={60}>
        {(clock) => (
          <Text role="status" fw={600}>
            <TimeText at={clock.now} precision="second" /> · {clock.frozen ? t('sandbox.stands') : t('sandbox.runs')}
          </Text>
        )}
      </Answered>
      {!may('organisation:write') && <Text size="sm">{t('sandbox.mayNot')}</Text>}
      {may('organisation:write') && (
        <>
          <Group gap="sm">
            <Button variant="default" disabled={busy} onClick={() => void move({ next: 'boundary' })}>{t('sandbox.toBoundary')}</Button>
            <Button variant="default" disabled={busy} onClick={() => void move({ next: 'closing' })}>{t('sandbox.toClosing')}</Button>
          </Group>
          <OneField label={t('sandbox.by')} about={t('sandbox.byAbout')} action={t('sandbox.move')} busy={busy} pattern="[1-9][0-9]{0,5}[smhdw]" send={(by) => move({ by })} />
          <OneField label={t('sandbox.to')} about={t('sandbox.toAbout')} action={t('sandbox.move')} busy={busy} type="datetime-local" send={(to) => move({ to })} />
          <Switch label={t('sandbox.freeze')} checked={query.data?.frozen ?? false} disabled={busy} onChange={(event) => void move({ frozen: event.currentTarget.checked })} />
        </>
      )}
      <div aria-live="polite">
        {error !== null && <Problem error={error} />}
        {moved && <Happenings moved={moved} />}
      </div>
      {may('organisation:write') && <Reset name={name} busy={busy} reset={reset} />}
    </Stack>
  );
}

/** Moving the clock, and emptying the sandbox; afterwards every page is asked for anew. */
function useMoves() {
  const client = useQueryClient();
  const [moved, setMoved] = useState<Clock>();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const run = async (request: () => Promise<{ data?: Clock }>) => {
    setBusy(true);
    setError(null);
    setMoved(undefined);
    try {
      setMoved((await request()).data);
      await client.invalidateQueries();
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    moved,
    error,
    busy,
    move: (body: Schemas['ClockBody']) => run(() => api.POST('/api/v1/clock', { body })),
    reset: (clock: string | undefined) => run(() => api.POST('/api/v1/clock/reset', { body: clock ? { clock } : {} })),
  };
}

interface Field {
  label: string;
  about: string;
  action: string;
  busy: boolean;
  type?: string;
  pattern?: string;
  send: (value: string) => Promise<boolean>;
}

function OneField({ label, about, action, busy, type, pattern, send }: Field) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void send(String(new FormData(event.currentTarget).get('value')));
  };
  return (
    <form onSubmit={submit}>
      <Group gap="sm" align="end">
        <TextInput name="value" label={label} description={about} type={type} pattern={pattern} required w={240} />
        <Button type="submit" variant="default" disabled={busy} aria-label={`${action}: ${label}`}>{action}</Button>
      </Group>
    </form>
  );
}

/** What came due while the clock moved. */
function Happenings({ moved }: { moved: Clock }) {
  const t = useText();
  const word = useWord();
  return (
    <Alert color="blue" variant="default" title={t('sandbox.fired', { count: moved.fired.length + moved.leftOut })}>
      <Stack gap={4}>
        {moved.fired.map((one, place) => (
          <Text size="sm" key={place}>
            <TimeText at={one.at} /> · {word('happening', one.type)} · {[one.targetGroup, one.target, one.period].filter(Boolean).join(' · ')}
            {one.customerId !== null && <> · <Link className="link" to={`/customers/${one.customerId}`}>{one.customerId}</Link></>}
          </Text>
        ))}
        {moved.leftOut > 0 && <Text size="sm">{t('sandbox.leftOut', { count: moved.leftOut })}</Text>}
      </Stack>
    </Alert>
  );
}

/** Empty the sandbox: everything but its definitions goes, so its name has to be typed. */
function Reset({ name, busy, reset }: { name: string; busy: boolean; reset: (clock: string | undefined) => Promise<boolean> }) {
  const t = useText();
  const [typed, setTyped] = useState('');
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const clock = String(new FormData(event.currentTarget).get('clock'));
    if (await reset(clock || undefined)) setTyped('');
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <Title order={3}>{t('sandbox.reset')}</Title>
        <Text size="sm">{t('sandbox.resetAbout')}</Text>
        <TextInput name="clock" label={t('sandbox.resetClock')} description={t('sandbox.resetClockAbout')} type="datetime-local" w={240} />
        <TextInput label={t('sandbox.resetName', { name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" w={240} />
        <Group>
          <Button type="submit" color="red" disabled={busy || typed !== name}>{t('sandbox.resetAction')}</Button>
        </Group>
      </Stack>
    </form>
  );
}
