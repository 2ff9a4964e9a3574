import { Alert, Badge, Button, Group, PasswordInput, Stack, Text, Timeline } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck, IconRefresh, IconX } from '../../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { $api, api, type Schemas } from '../../api/client';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, CopyAction, CopyText, Facts, Problem, Status } from '../../ui/basics';
import { JsonView } from '../../ui/JsonView';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { isSigned } from './signature';

type Detail = Schemas['DeliveryDetail'];
type Attempt = Schemas['AttemptItem'];
const OK = 200;
const OK_END = 300;

/** One message for one receiver: each attempt with its request and answer. */
export function DeliveryPage() {
  const t = useText();
  const { webhookId, deliveryId } = useParams({ strict: false }) as { webhookId: string; deliveryId: string };
  const webhook = $api.useQuery('get', '/api/v1/webhooks/{endpoint_id}', { params: { path: { endpoint_id: Number(webhookId) } } });
  const delivery = $api.useQuery(
    'get', '/api/v1/webhooks/{endpoint_id}/deliveries/{delivery_id}',
    { params: { path: { endpoint_id: Number(webhookId), delivery_id: Number(deliveryId) } } },
    { refetchInterval: 5_000 },
  );
  const name = webhook.data?.description || webhook.data?.url || webhookId;
  const crumbs = [{ title: t('nav.webhooks'), to: '/webhooks' }, { title: name, to: `/webhooks/${webhookId}` }];
  if (delivery.isError) return <Page title={deliveryId} crumbs={crumbs}><Problem error={delivery.error} /></Page>;
  return (
    <Answered query={delivery} height={480}>
      {(detail) => (
        <Page
          title={detail.delivery.type}
          crumbs={crumbs}
          about={<Group gap="xs"><Status state={detail.delivery.state} /><span>{t('delivery.about', { attempts: detail.delivery.attempts })}</span></Group>}
          actions={<DeliveryActions webhookId={Number(webhookId)} url={webhook.data?.url ?? ''} detail={detail} />}
        >
          <Shown detail={detail} />
        </Page>
      )}
    </Answered>
  );
}

function Shown({ detail }: { detail: Detail }) {
  const t = useText();
  const { delivery, attempts } = detail;
  const message = detail.message as { data?: { event?: { source?: string; id?: string } } };
  const event = message.data?.event;
  return (
    <div className="split even">
      <Stack gap="md">
        <Card title={t('delivery.facts')}>
          <Facts
            rows={[
              ['fact.messageId', <CopyText value={delivery.messageId} key="id" />],
              ['fact.customer', delivery.customerId && <Link className="link" to={`/customers/${delivery.customerId}`}>#{delivery.customerId}</Link>],
              ['fact.cause', event?.source && event.id && <Link className="link" to={`/events/${encodeURIComponent(event.source)}/${encodeURIComponent(event.id)}`}>{event.source} · {event.id}</Link>],
              ['fact.sequence', delivery.sequence],
              ['fact.created', <TimeText at={delivery.createdAt} precision="second" key="created" />],
              ['fact.nextAttempt', delivery.nextAttemptAt && <TimeText at={delivery.nextAttemptAt} precision="second" />],
              ['fact.done', delivery.doneAt && <TimeText at={delivery.doneAt} precision="second" />],
            ]}
          />
        </Card>
        <Card title={t('delivery.attempts')}>
          {attempts.length === 0 ? <Text size="sm">{t('delivery.noAttempts')}</Text> : (
            <Timeline bulletSize={22} lineWidth={2} active={attempts.length}>
              {attempts.map((attempt, place) => <AttemptView key={attempt.at} attempt={attempt} number={place + 1} />)}
            </Timeline>
          )}
        </Card>
      </Stack>
      <Stack gap="md">
        <Card title={t('delivery.message')}><JsonView value={detail.message} label={t('delivery.message')} /></Card>
        {attempts.length > 0 && <Verify attempt={attempts[attempts.length - 1]} body={JSON.stringify(detail.message)} />}
      </Stack>
    </div>
  );
}

function AttemptView({ attempt, number }: { attempt: Attempt; number: number }) {
  const t = useText();
  const word = useWord();
  const good = attempt.status !== null && attempt.status >= OK && attempt.status < OK_END;
  return (
    <Timeline.Item
      bullet={good ? <IconCheck size={13} aria-label={t('delivery.good')} /> : <IconX size={13} aria-label={t('delivery.bad')} />}
      color={good ? 'green' : 'red'}
      title={<Group gap={8}><Text size="sm" fw={600}>{t('delivery.attempt', { number })}</Text><Badge color={good ? 'green' : 'red'}>{attempt.status ?? word('deliveryError', attempt.error ?? '')}</Badge><Text size="sm" c="dimmed">{t('delivery.took', { ms: attempt.tookMs })}</Text></Group>}
    >
      <Stack gap={6} mt={4}>
        <Text size="sm" component="div"><TimeText at={attempt.at} precision="second" /> {attempt.address && `· ${attempt.address}`}</Text>
        {attempt.reason && <Text size="sm">{attempt.reason}</Text>}
        <details>
          <summary>{t('delivery.request')}</summary>
          <Headers headers={attempt.requestHeaders} label={t('delivery.request')} />
        </details>
        {attempt.status !== null && (
          <details>
            <summary>{t('delivery.response')}</summary>
            <Headers headers={attempt.responseHeaders} label={t('delivery.response')} />
            {attempt.response && <JsonView value={attempt.response} label={t('delivery.response')} />}
          </details>
        )}
      </Stack>
    </Timeline.Item>
  );
}

function Headers({ headers, label }: { headers: Record<string, string>; label: string }) {
  return <pre className="json" tabIndex={0} aria-label={label}>{Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>;
}

function Verify({ attempt, body }: { attempt: Attempt; body: string }) {
  const t = useText();
  const [secret, setSecret] = useState('');
  const [good, setGood] = useState<boolean | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setGood(await isSigned(secret, attempt.requestHeaders, body));
  };
  return (
    <Card title={t('verify.title')}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <PasswordInput label={t('verify.secret')} description={t('verify.about')} placeholder="whsec_…" value={secret} onChange={(event) => { setSecret(event.currentTarget.value); setGood(null); }} autoComplete="off" required visibilityToggleButtonProps={{ 'aria-label': t('signIn.show'), tabIndex: 0 }} />
          <Button type="submit" variant="default" w="fit-content">{t('verify.check')}</Button>
          {good !== null && (
            <Alert variant="default" role="status" color={good ? 'green' : 'red'} icon={good ? <IconCheck /> : <IconAlertTriangle />}>
              {good ? t('verify.good') : t('verify.bad')}
            </Alert>
          )}
        </Stack>
      </form>
    </Card>
  );
}

function DeliveryActions({ webhookId, url, detail }: { webhookId: number; url: string; detail: Detail }) {
  const t = useText();
  const may = useMay();
  const client = useQueryClient();
  const last = detail.attempts.at(-1);
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const headers = Object.entries(last?.requestHeaders ?? { 'content-type': 'application/json' })
    .filter(([, value]) => value !== '***')
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const curl = ['curl', ...headers, '-d', quoted(JSON.stringify(detail.message)), quoted(url)].join(' ');
  const resend = async () => {
    await api.POST('/api/v1/webhooks/{endpoint_id}/deliveries/{delivery_id}/resend', {
      params: { path: { endpoint_id: webhookId, delivery_id: detail.delivery.id } },
      body: {},
    });
    notifications.show({ message: t('delivery.resent') });
    await client.invalidateQueries();
  };
  return (
    <>
      <CopyAction text={curl}>{t('drawer.copy')}</CopyAction>
      {may('webhooks:write') && <Button leftSection={<IconRefresh size={16} />} onClick={() => void resend()}>{t('delivery.resend')}</Button>}
    </>
  );
}

