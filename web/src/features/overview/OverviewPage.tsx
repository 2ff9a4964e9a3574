import { Group, List, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCircle } from '../../ui/icons';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useIntl } from 'react-intl';
import { $api } from '../../api/client';
import { recentCustomers } from '../../app/find';
import { useMay, useOrganisation } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, Empty, Figure } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { placeOf, runningPeriod, stateOf, useGroups, useRules, type TargetGroup } from '../groups/groups';
import { useAttention } from './attention';

/** What runs, what ends soon, and what needs somebody. */
export function OverviewPage() {
  const t = useText();
  const may = useMay();
  const organisation = useOrganisation();
  return (
    <Page title={t('nav.overview')} about={organisation && t('overview.about', { name: organisation.name, zone: organisation.zone })}>
      <Figures />
      <div className="split even">
        {may('definitions:read') && <EndingSoon />}
        <Attention />
      </div>
      <div className="split even">
        {may('webhooks:read') && <LastMessages />}
        <FirstSteps />
      </div>
    </Page>
  );
}

function Figures() {
  const t = useText();
  const may = useMay();
  const intl = useIntl();
  const groups = useGroups();
  const attention = useAttention();
  const webhooks = $api.useQuery('get', '/api/v1/webhooks', {}, { enabled: may('webhooks:read') });
  const running = groups.data?.data.filter((one) => stateOf(one) === 'RUNNING').length;
  const delivered = webhooks.data?.items.reduce((sum, one) => sum + one.delivered, 0);
  const waiting = webhooks.data?.items.reduce((sum, one) => sum + one.pending, 0);
  const dead = webhooks.data?.items.reduce((sum, one) => sum + one.dead, 0) ?? 0;
  return (
    <div className="figures-row">
      <Figure label={t('overview.running')} note={groups.data && t('overview.ofGroups', { count: groups.data.data.length })}>{running ?? '–'}</Figure>
      {may('webhooks:read') && (
        <>
          <Figure label={t('overview.delivered')} note={t('overview.deliveredNote')}>{delivered === undefined ? '–' : intl.formatNumber(delivered)}</Figure>
          <Figure label={t('overview.waiting')} note={t('overview.dead', { count: dead })}>{waiting === undefined ? '–' : intl.formatNumber(waiting)}</Figure>
        </>
      )}
      <Figure label={t('overview.attention')} note={attention.items.length === 0 ? t('overview.allWell') : t('overview.attentionNote')}>{attention.items.length}</Figure>
    </div>
  );
}

function EndingSoon() {
  const t = useText();
  const intl = useIntl();
  const organisation = useOrganisation();
  const groups = useGroups();
  const ending = (all: readonly TargetGroup[]) =>
    all
      .flatMap((group) => {
        const period = runningPeriod(group);
        return period?.endDate && group.active ? [{ group, period }] : [];
      })
      .sort((left, right) => left.period.endDate.localeCompare(right.period.endDate))
      .slice(0, 6);
  const days = (end: string) =>
    organisation ? Math.max(0, Math.ceil((Date.parse(`${end.slice(0, 10)}T23:59:59Z`) - Date.parse(organisation.now)) / 86_400_000)) : null;
  return (
    <Card title={t('overview.endingSoon')} flush>
      <Answered query={groups}>
        {({ data }) => {
          const rows = ending(data);
          if (rows.length === 0) return <Empty title={t('overview.nothingEnds')} />;
          return (
            <Stack gap={0}>
              {rows.map(({ group, period }) => (
                <Group key={group.id} justify="space-between" wrap="nowrap" className="list-row">
                  <div style={{ minWidth: 0 }}>
                    <Link className="link" to={`/groups/${group.id}`}>{group.name}</Link>
                    <Text size="sm" c="dimmed">{period.refCode} · {t('groups.place', { place: placeOf(group, period), of: group.periods?.length ?? 0 })}</Text>
                  </div>
                  <Stack gap={0} align="flex-end" className="nowrap">
                    <Text size="sm" fw={600}>{days(period.endDate) === null ? '' : t('overview.daysLeft', { days: days(period.endDate) ?? 0 })}</Text>
                    <Text size="sm" c="dimmed">{intl.formatDate(`${period.endDate.slice(0, 10)}T12:00:00Z`, { day: 'numeric', month: 'short', timeZone: 'UTC' })}</Text>
                  </Stack>
                </Group>
              ))}
            </Stack>
          );
        }}
      </Answered>
    </Card>
  );
}

function Attention() {
  const t = useText();
  const attention = useAttention();
  return (
    <Card title={t('overview.attention')} flush>
      {attention.items.length === 0 ? (
        <Empty title={attention.pending ? t('overview.looking') : t('overview.allWell')} />
      ) : (
        <Stack gap={0}>
          {attention.items.map((one) => (
            <Group key={one.key} wrap="nowrap" className="list-row" align="flex-start" gap="sm">
              <IconAlertTriangle size={18} color="light-dark(#8a5a00, #f0c36d)" aria-hidden style={{ flexShrink: 0, marginTop: 2 }} />
              <Text size="sm" style={{ flex: 1 }}>{one.text}</Text>
              {one.to && <Link className="link" to={one.to} search={one.search} aria-label={t('overview.openItem', { text: one.text })}>{t('open')}</Link>}
            </Group>
          ))}
        </Stack>
      )}
    </Card>
  );
}

const MESSAGES = 6;

function LastMessages() {
  const t = useText();
  const word = useWord();
  const messages = $api.useQuery('get', '/api/v1/inspector', {}, { refetchInterval: 10_000 });
  return (
    <Card title={t('overview.messages')} action={<Link className="link" to="/inspector">{t('nav.inspector')}</Link>} flush>
      <Answered query={messages}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('inspector.empty')}>{t('inspector.emptyAbout')}</Empty>
          ) : (
            <Stack gap={0}>
              {items.slice(0, MESSAGES).map((one) => {
                const message = one.message as { type?: string; time?: string; data?: { customer?: { id?: number; firstName?: string; lastName?: string }; target?: { name?: string }; group?: { name?: string } } };
                const customer = message.data?.customer;
                return (
                  <Group key={one.messageId} justify="space-between" className="list-row" wrap="nowrap">
                    <div style={{ minWidth: 0 }}>
                      <Text size="sm" fw={600}>{word('messageType', message.type ?? '')}</Text>
                      <Text size="sm" c="dimmed" truncate>
                        {customer?.id && <Link className="link" to={`/customers/${customer.id}`}>{[customer.firstName, customer.lastName].filter(Boolean).join(' ') || `#${customer.id}`}</Link>}
                        {' '}{message.data?.target?.name ?? message.data?.group?.name ?? ''}
                      </Text>
                    </div>
                    <Text size="sm" c="dimmed" component="div"><TimeText at={message.time ?? one.at} /></Text>
                  </Group>
                );
              })}
            </Stack>
          )
        }
      </Answered>
    </Card>
  );
}

/** What a newcomer does first; each step is ticked once it was done. */
function FirstSteps() {
  const t = useText();
  const may = useMay();
  const rules = useRules();
  const webhooks = $api.useQuery('get', '/api/v1/webhooks', {}, { enabled: may('webhooks:read') });
  const steps: { key: string; done: boolean; text: ReactNode }[] = [
    { key: 'define', done: (rules.data?.items.length ?? 0) > 0, text: <Link className="link" to="/groups">{t('steps.define')}</Link> },
    { key: 'customer', done: recentCustomers().length > 0, text: <Link className="link" to="/customers">{t('steps.customer')}</Link> },
    { key: 'webhook', done: webhooks.data?.items.some((one) => one.delivered > 0) ?? false, text: <Link className="link" to="/webhooks">{t('steps.webhook')}</Link> },
    { key: 'api', done: false, text: <a className="link" href="/docs">{t('steps.api')}</a> },
  ];
  return (
    <Card title={t('steps.title')}>
      <List spacing="sm" center>
        {steps.map((step) => (
          <List.Item
            key={step.key}
            icon={<ThemeIcon size={24} radius="xl" variant="light" color={step.done ? 'green' : 'gray'}>{step.done ? <IconCheck size={15} aria-label={t('steps.done')} /> : <IconCircle size={15} aria-label={t('steps.open')} />}</ThemeIcon>}
          >
            {step.text}
          </List.Item>
        ))}
      </List>
    </Card>
  );
}

