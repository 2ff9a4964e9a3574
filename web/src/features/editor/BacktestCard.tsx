import { Button, Group, NumberInput, Progress, Slider, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconFlask } from '../../ui/icons';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useIntl } from 'react-intl';
import { $api, api } from '../../api/client';
import { useOrganisation } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Amount, Card, Problem } from '../../ui/basics';
import { goalOf, goalsAround, reachedBy, type Backtest, type Reached } from './backtest';
import { CALENDAR, type Definition } from './definition';
import { ReachCurve } from './ReachCurve';

const POLL_MS = 700;
const MONTHS_BACK = 3;

/** The first days of a month, some months before an instant. */
function monthBefore(now: string, months: number): string {
  const at = new Date(`${now.slice(0, 7)}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() - months);
  return at.toISOString().slice(0, 10);
}

/** Try the definition on the past, then move the goal without another run. */
export function BacktestCard({ definition, live, choose }: { definition: Definition; live?: number; choose: (goal: number) => void }) {
  const t = useText();
  const organisation = useOrganisation();
  const now = organisation?.now ?? new Date().toISOString();
  const [from, setFrom] = useState(() => monthBefore(now, MONTHS_BACK));
  const [to, setTo] = useState(() => monthBefore(now, 0));
  const [price, setPrice] = useState<number | ''>(5);
  const [id, setId] = useState<number | null>(null);
  const [tried, setTried] = useState<Definition | null>(null);
  const goal = goalOf(definition);
  const ask = useMutation({
    mutationFn: async () => {
      const shift = definition.targetEvaluationType === CALENDAR && live === undefined;
      const goals = goal === null ? [] : [...new Set([...goalsAround(goal), goal])].sort((a, b) => a - b).slice(0, 20);
      const { data } = await api.POST('/api/v1/backtests', {
        body: { draft: definition, from, to, shift, goals, ...(live === undefined ? {} : { live }), ...(price === '' ? {} : { price }) },
      });
      return data?.id ?? null;
    },
    onSuccess: (made) => {
      setId(made);
      setTried(definition);
    },
  });
  const result = $api.useQuery(
    'get', '/api/v1/backtests/{backtest_id}', { params: { path: { backtest_id: String(id) } } },
    { enabled: id !== null, refetchInterval: (query) => (query.state.data?.state === 'running' ? POLL_MS : false) },
  );
  const running = ask.isPending || result.data?.state === 'running';
  return (
    <Card title={t('backtest.title')}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">{t('backtest.about')}</Text>
        <Group gap="xs" align="flex-end">
          <TextInput type="date" label={t('editor.from')} value={from} onChange={(event) => setFrom(event.currentTarget.value)} size="xs" />
          <TextInput type="date" label={t('backtest.before')} value={to} onChange={(event) => setTo(event.currentTarget.value)} size="xs" />
          <NumberInput label={t('backtest.price')} value={price} onChange={(value) => setPrice(value === '' ? '' : Number(value))} min={0} w={90} size="xs" hideControls />
          <Button size="xs" leftSection={<IconFlask size={15} />} loading={running} onClick={() => ask.mutate()}>{t('backtest.run')}</Button>
        </Group>
        {ask.isError && <Problem error={ask.error} />}
        {result.isError && <Problem error={result.error} />}
        {result.data?.state === 'running' && <Progress value={Math.max(2, result.data.progress * 100)} aria-label={t('backtest.progress')} />}
        {result.data?.state === 'failed' && <Text size="sm" role="alert">{result.data.failure}</Text>}
        {result.data?.state === 'done' && tried && <Result backtest={result.data} definition={tried} price={price === '' ? null : price} choose={choose} />}
      </Stack>
    </Card>
  );
}

function Result({ backtest, definition, price, choose }: { backtest: Backtest; definition: Definition; price: number | null; choose: (goal: number) => void }) {
  const t = useText();
  const word = useWord();
  const intl = useIntl();
  const target = definition.targets?.[0]?.name ?? '';
  const reached = useMemo(() => reachedBy(backtest, target, price), [backtest, target, price]);
  const own = goalOf(definition);
  const [place, setPlace] = useState(() => Math.max(0, reached.findIndex((one) => one.goal === own)));
  useEffect(() => setPlace(Math.max(0, reached.findIndex((one) => one.goal === own))), [reached, own]);
  const chosen: Reached | undefined = reached[place];
  const enrolled = backtest.periods.reduce((sum, one) => sum + (one.draft?.enrolled ?? 0), 0);
  const achieved = backtest.periods.reduce((sum, one) => sum + (one.draft?.achieved ?? 0), 0);
  const share = (one: { achieved: number; enrolled: number }) => intl.formatNumber(one.enrolled === 0 ? 0 : one.achieved / one.enrolled, { style: 'percent', maximumFractionDigits: 1 });
  return (
    <Stack gap="sm" aria-live="polite">
      <Text size="sm">
        {t('backtest.summary', { customers: backtest.customers, events: backtest.events, share: share({ achieved, enrolled }), achieved, enrolled })}
      </Text>
      {chosen && (
        <div>
          <ReachCurve reached={reached} place={place} />
          <Slider
            value={place} onChange={setPlace} min={0} max={reached.length - 1} step={1} label={null}
            thumbLabel={t('backtest.slider')}
            thumbProps={{ 'aria-valuetext': t('backtest.sliderText', { goal: chosen.goal, share: share(chosen) }) } as object}
          />
          <Group justify="space-between" mt={8}>
            <Text size="sm" data-testid="goal-share"><b>{t('backtest.goal')} <Amount value={chosen.goal} /></b>: {t('backtest.reach', { share: share(chosen), achieved: chosen.achieved })}</Text>
            {chosen.goal !== own && <Button size="xs" variant="light" onClick={() => choose(chosen.goal)}>{t('backtest.take', { goal: chosen.goal })}</Button>}
          </Group>
          {chosen.cost !== null && <Text size="sm" c="dimmed">{t('backtest.cost', { price: price ?? 0, cost: intl.formatNumber(chosen.cost), each: intl.formatNumber(Math.round(chosen.cost / Math.max(1, backtest.periods.length))) })}</Text>}
        </div>
      )}
      <Table fz="sm" aria-label={t('backtest.periods')}>
        <Table.Thead><Table.Tr><Table.Th>{t('board.period')}</Table.Th><Table.Th ta="end">{t('backtest.enrolled')}</Table.Th><Table.Th ta="end">{t('backtest.achieved')}</Table.Th>{backtest.live !== null && <Table.Th ta="end">{t('backtest.live')}</Table.Th>}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {backtest.periods.map((one) => (
            <Table.Tr key={one.refCode}>
              <Table.Td>{one.refCode}</Table.Td>
              <Table.Td ta="end" className="figures">{one.draft?.enrolled ?? '–'}</Table.Td>
              <Table.Td ta="end" className="figures">{one.draft?.achieved ?? '–'}</Table.Td>
              {backtest.live !== null && <Table.Td ta="end" className="figures">{one.live?.achieved ?? '–'}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {backtest.examples.length > 0 && (
        <details>
          <summary>{t('backtest.examples')}</summary>
          <Stack gap={4} mt="xs">
            {backtest.examples.map((one, number) => (
              <Text size="sm" key={number}>
                {word('example', one.kind)}: <Link className="link" to={`/customers/${one.customerId}`}>#{one.customerId}</Link> · {one.refCode} · <Amount value={one.draft} /> / <Amount value={one.goal} />
              </Text>
            ))}
          </Stack>
        </details>
      )}
    </Stack>
  );
}
