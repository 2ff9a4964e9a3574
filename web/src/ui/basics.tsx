import { ActionIcon, Alert, Badge, Button, CopyButton, Group, Skeleton, Stack, Text, Title, Tooltip } from '@mantine/core';
import {
  IconAlertTriangle, IconCheck, IconCircleCheck, IconCircleDashed, IconCircleX, IconClock, IconCopy, IconPlayerPause, IconLock,
} from './icons';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { FormattedNumber } from 'react-intl';
import { ApiError } from '../api/client';
import type { MessageId } from '../i18n/Language';
import { useText, useWord } from '../i18n/text';

/** An amount of the API: as many decimals as it has, up to the four that are kept. */
/** The heading of a drawer is no banner of the page. */
export const DRAWER_ATTRIBUTES = { header: { role: 'presentation' } };

export function Amount({ value, sign }: { value: number | string; sign?: boolean }) {
  return (
    <span className="figures">
      <FormattedNumber
        value={Number(value)}
        maximumFractionDigits={4}
        minimumFractionDigits={Number.isInteger(Number(value)) ? 0 : 2}
        signDisplay={sign ? 'exceptZero' : 'auto'}
      />
    </span>
  );
}

/** An identifier in fixed width, with a button that copies it. */
export function CopyText({ value, label }: { value: string; label?: string }) {
  const t = useText();
  return (
    <span className="copyable">
      <span>{label ?? value}</span>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('copied') : t('copy')}>
            <ActionIcon variant="subtle" color="gray" size={24} onClick={copy} aria-label={t('copyValue', { value })}>
              {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}

/** A button that copies a longer text. */
export function CopyAction({ text, children, variant = 'default' }: { text: string; children: ReactNode; variant?: string }) {
  const t = useText();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          variant={variant}
          size="sm"
          onClick={copy}
          leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        >
          <span aria-live="polite">{copied ? t('copied') : children}</span>
        </Button>
      )}
    </CopyButton>
  );
}

const TONES: Record<string, { color: string; icon: ReactNode }> = {
  good: { color: 'green', icon: <IconCircleCheck size={14} /> },
  bad: { color: 'red', icon: <IconCircleX size={14} /> },
  warning: { color: 'yellow', icon: <IconAlertTriangle size={14} /> },
  waiting: { color: 'blue', icon: <IconClock size={14} /> },
  off: { color: 'gray', icon: <IconPlayerPause size={14} /> },
  plain: { color: 'gray', icon: <IconCircleDashed size={14} /> },
};

const TONE_OF: Record<string, keyof typeof TONES> = {
  RUNNING: 'good', LIVE: 'good', UPCOMING: 'waiting', NOT_STARTED: 'waiting', ENDED: 'plain', STOPPED: 'off', NOT_BEGUN: 'waiting',
  DELIVERED: 'good', PENDING: 'waiting', DEAD: 'bad', ACHIEVED: 'good', FAILING: 'bad', DISABLED: 'off', ACTIVE: 'good',
  DRAFT: 'waiting', previewing: 'waiting', previewed: 'waiting', approved: 'good', rejected: 'bad', scheduled: 'waiting',
  recomputing: 'waiting', done: 'good', failed: 'bad', cancelled: 'off', running: 'waiting', waiting: 'waiting',
  MISSED: 'bad', OPEN: 'waiting',
};

/** A state as a word with an icon, so that colour is never alone. */
export function Status({ state }: { state: string }) {
  const word = useWord();
  const tone = TONES[TONE_OF[state] ?? 'plain'];
  return (
    <Badge color={tone.color} leftSection={<span style={{ display: 'flex' }} aria-hidden>{tone.icon}</span>}>
      {word('state', state)}
    </Badge>
  );
}

/** How far a value is; the figures stand beside it as text. */
export function Meter({ value, goal, label, cap }: { value: number; goal: number; label: string; cap?: boolean }) {
  const share = goal > 0 ? Math.min(1, Math.max(0, value / goal)) : value > 0 ? 1 : 0;
  const done = share >= 1;
  return (
    <div className="meter" role="img" aria-label={label}>
      <div
        className="meter-fill"
        data-done={done && !cap ? true : undefined}
        data-over={done && cap ? true : undefined}
        style={{ width: `${share * 100}%` }}
      />
    </div>
  );
}

/** What is shown where there is nothing yet: what will be here, and one thing to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="center" gap={6} py="xl" px="md" ta="center">
      <IconCircleDashed size={28} aria-hidden color="var(--mantine-color-dimmed)" />
      <Text fw={600}>{title}</Text>
      {children && <Text c="dimmed" size="sm" maw={460}>{children}</Text>}
      {action}
    </Stack>
  );
}

/** Why a request failed, in the words of the server, with its id and a way on. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText();
  const known = error instanceof ApiError ? error : null;
  const denied = known?.status === 403;
  const problems = known?.problems ?? [];
  return (
    <Alert
      color={denied ? 'yellow' : 'red'}
      role="alert"
      variant="default"
      icon={denied ? <IconLock /> : <IconAlertTriangle />}
      title={denied ? t('problem.denied') : t('problem.title')}
    >
      <Stack gap="xs">
        {problems.length > 0 ? (
          problems.map((one, place) => (
            <Text size="sm" key={place}>
              {one.path && <Text span ff="monospace" size="sm" fw={600}>{one.path}: </Text>}
              {one.reason}
            </Text>
          ))
        ) : (
          <Text size="sm">{known ? t('problem.status', { status: known.status }) : t('problem.unreachable')}</Text>
        )}
        <Group gap="sm">
          {retry && <Button size="xs" variant="default" onClick={retry}>{t('problem.retry')}</Button>}
          {known?.requestId && <CopyText value={known.requestId} label={t('problem.request', { id: known.requestId })} />}
          {known && known.status >= 500 && <Link className="link" to="/requests">{t('nav.requests')}</Link>}
        </Group>
      </Stack>
    </Alert>
  );
}

/** Show what a query answered; while it is asked, a place of the final size; if it failed, why. */
export function Answered<Data>({ query, height = 160, children }: {
  query: UseQueryResult<Data, unknown>;
  height?: number;
  children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return <Skeleton height={height} radius="md" aria-busy />;
}

/** A part of a page with a heading. */
export function Card({ title, action, children, flush }: {
  title?: ReactNode; action?: ReactNode; children: ReactNode; flush?: boolean;
}) {
  return (
    <section className="card">
      {title && (
        <Group justify="space-between" px="md" py={10} wrap="nowrap" style={{ borderBlockEnd: '1px solid var(--card-border)' }}>
          <Title order={2}>{title}</Title>
          {action}
        </Group>
      )}
      {flush ? children : <div style={{ padding: 16 }}>{children}</div>}
    </section>
  );
}

/** A figure with what it is. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="card" style={{ padding: '12px 16px' }}>
      <Text size="sm" c="dimmed">{label}</Text>
      <Text fz={26} fw={650} lh={1.25} className="figures">{children}</Text>
      {note && <Text size="xs" c="dimmed">{note}</Text>}
    </div>
  );
}

/** A list of facts: each a name and what it is. */
export function Facts({ rows }: { rows: [MessageId, ReactNode][] }) {
  const t = useText();
  return (
    <dl className="fact-list">
      {rows.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([id, value]) => (
        <div key={id} style={{ display: 'contents' }}>
          <dt>{t(id)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
