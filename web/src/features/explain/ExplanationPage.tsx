import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '../../ui/icons';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { $api, api } from '../../api/client';
import { useMay } from '../../app/session';
import { useLanguage } from '../../i18n/Language';
import { useText } from '../../i18n/text';
import { Amount, Answered, Card, CopyAction, Meter } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { nameOf, useCustomer } from '../customers/customer';
import { StreakCells } from '../customers/GroupCard';
import { Adjust } from './Adjust';
import { StepChart } from './StepChart';
import { Trail } from './Trail';
import type { Explanation } from './trail';

interface Asked {
  customerId: string;
  targetId: string;
}

interface Search {
  period?: string;
  at?: string;
  cursor?: string;
}

/** Why a progress is what it is. */
export function ExplanationPage() {
  const t = useText();
  const intl = useIntl();
  const { language } = useLanguage();
  const { customerId, targetId } = useParams({ strict: false }) as unknown as Asked;
  const { period, at, cursor } = useSearch({ strict: false }) as Search;
  const customer = useCustomer(Number(customerId));
  const name = nameOf(customer.data, Number(customerId));
  const params = {
    path: { customer_id: Number(customerId), target_id: Number(targetId) },
    // The document has no type for these two, because they may be left out.
    query: { period: period as never, language, ...(at ? { at: at as never } : {}), ...(cursor ? { cursor } : {}) },
  };
  const explanation = $api.useQuery('get', '/api/v1/customers/{customer_id}/targets/{target_id}/explanation', { params });
  const textParams = { path: params.path, query: { ...params.query, format: 'text' } };
  const answer = useQuery({
    queryKey: ['get', '/api/v1/customers/{customer_id}/targets/{target_id}/explanation', { params: textParams }],
    queryFn: async () => {
      const { data } = await api.GET('/api/v1/customers/{customer_id}/targets/{target_id}/explanation', { params: textParams, parseAs: 'text' });
      return data as unknown as string;
    },
  });
  const may = useMay();
  const [adjusting, setAdjusting] = useState(false);
  const told = explanation.data;
  const title = !told ? t('explain.loading')
    : told.goal === null ? t('explain.titleValue', { value: intl.formatNumber(told.value) })
    : t('explain.title', { value: intl.formatNumber(told.value, { minimumFractionDigits: Number.isInteger(told.value) ? 0 : 2 }), goal: intl.formatNumber(told.goal) });
  return (
    <Page
      title={title}
      about={told && `${name} · ${told.target} · ${told.period.refCode}`}
      crumbs={[{ title: t('nav.customers'), to: '/customers' }, { title: name, to: `/customers/${customerId}` }]}
      actions={
        <Group gap="xs">
          {told && !at && may('customers:write') && !adjusting && <Button variant="default" onClick={() => setAdjusting(true)}>{t('adjust.title')}</Button>}
          {answer.data && <CopyAction text={answer.data} variant="filled">{t('explain.copy')}</CopyAction>}
        </Group>
      }
    >
      {told && adjusting && <Adjust explanation={told} close={() => setAdjusting(false)} />}
      <Answered query={explanation} height={520}>{(data) => <Told explanation={data} />}</Answered>
    </Page>
  );
}

function Told({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Search;
  const go = (changes: Search) => void navigate({ to: '.', search: { ...search, ...changes }, replace: true });
  return (
    <Stack gap="md">
      <Agreement explanation={explanation} />
      <div className="split three">
        <HowFar explanation={explanation} />
        <HowItAddsUp explanation={explanation} />
        <Rule explanation={explanation} />
      </div>
      {explanation.streak.length > 0 && (
        <Card title={t('explain.streak')}>
          <StreakCells cells={explanation.streak.slice(-16)} />
          <Text size="sm" c="dimmed" mt="xs">{t('zoneNote', { zone: explanation.timeZone })}</Text>
        </Card>
      )}
      {explanation.members.length > 0 && (
        <Card title={t('explain.members')}>
          <ul className="sentence-list">
            {explanation.members.map((one) => (
              <li key={one.targetId}>{one.name}: <Amount value={one.value} /> – {one.achieved ? t('customer.achieved') : t('explain.notYet')}</li>
            ))}
          </ul>
        </Card>
      )}
      {explanation.decisions.length > 0 && (
        <Card title={t('explain.decisions')}>
          <ul className="sentence-list">
            {explanation.decisions.map((one) => (
              <li key={one.event.id}><TimeText at={one.event.occurredAt} zone={explanation.timeZone} />: {t('explain.decision', { asked: one.asked, given: one.given })}</li>
            ))}
          </ul>
        </Card>
      )}
      {explanation.counted.length > 0 && <Card title={t('explain.growth')}><StepChart explanation={explanation} /></Card>}
      <Trail explanation={explanation} />
      <Group justify="space-between" align="flex-end">
        <AsOf at={search.at} change={(at) => go({ at, cursor: undefined })} />
        <Group gap="xs">
          {search.cursor && <Button size="xs" variant="default" onClick={() => go({ cursor: undefined })}>{t('page.first')}</Button>}
          {explanation.nextCursor && <Button size="xs" variant="default" onClick={() => go({ cursor: explanation.nextCursor ?? undefined })}>{t('page.next')}</Button>}
        </Group>
      </Group>
    </Stack>
  );
}

/** Whether what is stored is what the log of events gives, which was computed for this answer. */
function Agreement({ explanation }: { explanation: Explanation }) {
  const t = useText();
  if (!explanation.equalsStored) {
    return (
      <Alert color="red" variant="default" role="alert" icon={<IconAlertTriangle />} title={t('explain.differs')}>
        {t('explain.differsAbout')}
      </Alert>
    );
  }
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <IconCircleCheck size={18} color="light-dark(#2b7a3f, #64bb78)" aria-hidden style={{ flexShrink: 0, marginTop: 2 }} />
      <Text size="sm" component="div">{t('explain.agrees')} <TimeText at={explanation.at} precision="second" zone={explanation.timeZone} />.</Text>
    </Group>
  );
}

function HowFar({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const { value, goal, period, timeZone, achievedAt } = explanation;
  return (
    <Card title={t('explain.howFar')}>
      <Stack gap="xs">
        <Text fz={28} fw={650} lh={1.2}><Amount value={value} />{goal !== null && <Text span fz={18} c="dimmed"> / <Amount value={goal} /></Text>}</Text>
        {goal !== null && <Meter value={value} goal={goal} label={t('customer.meter', { value, goal })} />}
        <Text size="sm" component="div">
          {achievedAt ? <>{t('explain.achievedOn')} <TimeText at={achievedAt} zone={timeZone} /></> : goal !== null && value < goal ? <>{t('explain.missing')} <b><Amount value={Math.round((goal - value) * 1e4) / 1e4} /></b></> : null}
        </Text>
        {period.startsAt && (
          <Text size="sm" c="dimmed" component="div">
            <TimeText at={period.startsAt} zone={timeZone} /> – <TimeText at={period.endsAt} zone={timeZone} last /> {timeZone}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

const SUMMED_MAX = 6;

function HowItAddsUp({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const { counted, opening } = explanation;
  const before = counted.slice(0, Math.max(0, counted.length - SUMMED_MAX));
  const carried = before.at(-1)?.sum ?? opening;
  return (
    <Card title={t('explain.addsUp')}>
      <Stack gap={4}>
        {carried !== 0 && <Line label={before.length > 0 ? t('explain.earlierEvents', { count: before.length }) : t('explain.opening')} amount={carried} />}
        {counted.slice(-SUMMED_MAX).map((one, place) => <Line key={place} label={one.sentence} amount={one.amount} sign />)}
        {counted.length === 0 && carried === 0 && <Text size="sm" c="dimmed">{t('explain.nothingCounted')}</Text>}
        <div style={{ borderBlockStart: '1px solid var(--card-border)', paddingBlockStart: 4 }}>
          <Line label={t('explain.total')} amount={explanation.value} strong />
        </div>
      </Stack>
    </Card>
  );
}

function Line({ label, amount, sign, strong }: { label: string; amount: number; sign?: boolean; strong?: boolean }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-start">
      <Text size="sm" fw={strong ? 650 : 400}>{label}</Text>
      <Text size="sm" fw={strong ? 650 : 500} className="nowrap"><Amount value={amount} sign={sign} /></Text>
    </Group>
  );
}

function Rule({ explanation }: { explanation: Explanation }) {
  const t = useText();
  return (
    <Card title={t('explain.rule')}>
      <Stack gap="xs">
        <p className="quote">{explanation.sentence}</p>
        <Text size="sm" c="dimmed" component="div">
          {t('versions.version', { version: explanation.version })}
          {explanation.changes.map((one) => <span key={one.version}> · {t('explain.changed')} <TimeText at={one.changedAt} precision="day" zone={explanation.timeZone} /></span>)}
        </Text>
      </Stack>
    </Card>
  );
}

/** Ask what would have been answered at an instant of the past. */
function AsOf({ at, change }: { at?: string; change: (at: string | undefined) => void }) {
  const t = useText();
  return (
    <Group gap="xs" align="flex-end">
      <TextInput
        type="datetime-local"
        label={t('explain.asOf')}
        description={t('explain.asOfAbout')}
        defaultValue={at ?? ''}
        key={at ?? 'now'}
        onBlur={(event) => change(event.currentTarget.value || undefined)}
        onKeyDown={(event) => event.key === 'Enter' && change(event.currentTarget.value || undefined)}
      />
      {at && <Button variant="default" onClick={() => change(undefined)}>{t('explain.now')}</Button>}
    </Group>
  );
}
