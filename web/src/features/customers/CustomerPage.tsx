import { Alert, Button, Group, Stack, Tabs, Text } from '@mantine/core';
import { IconArrowBackUp, IconEye } from '../../ui/icons';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { $api, type Schemas } from '../../api/client';
import { rememberCustomer } from '../../app/find';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, CopyText, Problem } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { TimeText, ZoneNote } from '../../ui/time';
import { nameOf, useCustomer, useProgress } from './customer';
import { CustomerDeliveries } from './CustomerDeliveries';
import { CustomerEvents } from './CustomerEvents';
import { GroupCard } from './GroupCard';

/** All that support asks about a customer. */
export function CustomerPage() {
  const t = useText();
  const { customerId } = useParams({ strict: false }) as { customerId: string };
  const id = Number(customerId);
  const customer = useCustomer(id);
  const name = nameOf(customer.data, id);
  useEffect(() => {
    if (customer.data) rememberCustomer({ id, name, details: '' });
  }, [customer.data, id, name]);
  if (customer.isError) {
    return <Page title={t('customer.unknown', { id: customerId })} crumbs={[{ title: t('nav.customers'), to: '/customers' }]}><Problem error={customer.error} /></Page>;
  }
  return (
    <Page title={name} crumbs={[{ title: t('nav.customers'), to: '/customers' }]} about={t('customer.about')}>
      <div className="split side">
        <Stack gap="md">
          <Answered query={customer} height={260}>{(details) => <Profile customer={details} id={id} />}</Answered>
          <WaitingReturns id={id} />
        </Stack>
        <Sections id={id} />
      </div>
    </Page>
  );
}

function Sections({ id }: { id: number }) {
  const t = useText();
  const may = useMay();
  const navigate = useNavigate();
  const { tab = 'targets' } = useSearch({ strict: false }) as { tab?: string };
  return (
    <Tabs value={tab} onChange={(value) => void navigate({ to: `/customers/${id}`, search: { tab: value ?? undefined }, replace: true })} keepMounted={false} miw={0}>
      <Tabs.List mb="md">
        <Tabs.Tab value="targets">{t('customer.targets')}</Tabs.Tab>
        {may('events:read') && <Tabs.Tab value="events">{t('nav.events')}</Tabs.Tab>}
        {may('webhooks:read') && <Tabs.Tab value="deliveries">{t('customer.deliveries')}</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="targets"><Targets id={id} /></Tabs.Panel>
      <Tabs.Panel value="events"><CustomerEvents id={id} /></Tabs.Panel>
      <Tabs.Panel value="deliveries"><CustomerDeliveries id={id} /></Tabs.Panel>
    </Tabs>
  );
}

function Targets({ id }: { id: number }) {
  const t = useText();
  const progress = useProgress(id);
  return (
    <Answered query={progress} height={380}>
      {(data) => (
        <Stack gap="md">
          {data.groups.length === 0 && <Card><Text size="sm">{t('customer.noTargets')}</Text></Card>}
          {data.groups.map((group) => <GroupCard key={group.id} customerId={id} group={group} />)}
          <Text size="sm" c="dimmed" component="div">
            {t('customer.asOf')} <TimeText at={data.at} precision="second" /> · <ZoneNote />
          </Text>
        </Stack>
      )}
    </Answered>
  );
}

const PRIVATE = new Set(['mobile', 'email', 'cardnumber', 'cardExternalId']);
const SHOWN_END = 3;

/** An identifier of which only as much is shown as tells two customers apart. */
function masked(value: string): string {
  const [name, host] = value.split('@');
  return host ? `${name.slice(0, 1)}•••@${host}` : `••• ${value.slice(-SHOWN_END)}`;
}

/** What support may see at a glance: private identifiers only once somebody asks for them. */
function Profile({ customer, id }: { customer: Schemas['DetailsAnswer']; id: number }) {
  const t = useText();
  const word = useWord();
  const [revealed, setRevealed] = useState(false);
  const profile = customer.profiles[0];
  const identifiers = profile?.identifiers ?? [];
  const hasPrivate = identifiers.some((one) => PRIVATE.has(one.type));
  const fields = Object.entries((profile?.fields ?? {}) as Record<string, unknown>);
  return (
    <Card>
      <dl className="fact-list">
        <dt>{t('fact.id')}</dt>
        <dd><CopyText value={String(id)} /></dd>
        {identifiers.map((one) => (
          <div key={one.type + one.value} style={{ display: 'contents' }}>
            <dt>{word('identifier', one.type)}</dt>
            <dd>
              {revealed || !PRIVATE.has(one.type) ? <CopyText value={one.value} /> : <span className="copyable">{masked(one.value)}</span>}
            </dd>
          </div>
        ))}
        <dt>{t('fact.joined')}</dt>
        <dd><TimeText at={profile?.attribution.createDate} precision="day" /></dd>
        {fields.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
      </dl>
      {hasPrivate && (
        <Button mt="sm" size="xs" variant="default" leftSection={<IconEye size={15} />} onClick={() => setRevealed(!revealed)} aria-pressed={revealed}>
          {revealed ? t('customer.hide') : t('customer.reveal')}
        </Button>
      )}
    </Card>
  );
}

function WaitingReturns({ id }: { id: number }) {
  const t = useText();
  const waiting = $api.useQuery('get', '/api/v1/customers/{customer_id}/waiting-returns', { params: { path: { customer_id: id } } });
  if (!waiting.data || waiting.data.items.length === 0) return null;
  return (
    <Alert variant="default" icon={<IconArrowBackUp />} title={t('customer.waitingReturns')}>
      <Stack gap={4}>
        {waiting.data.items.map((one) => (
          <Group gap={6} key={one.source + one.id}><CopyText value={`${one.source} ${one.id}`} /><Text size="sm">{t('customer.waitsFor', { bill: one.original })}</Text></Group>
        ))}
      </Stack>
    </Alert>
  );
}
