import { Accordion, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconQuestionMark } from '../../ui/icons';
import { Link } from '@tanstack/react-router';
import { useText, useWord } from '../../i18n/text';
import { Amount, Card, Meter, Status } from '../../ui/basics';
import { TimeText, useDaysUntil } from '../../ui/time';
import { currentPeriod, type GroupProgress, type PeriodProgress, type TargetProgress } from './customer';

const EARLIER_MAX = 24;

/** A customer's progress in one target group. */
export function GroupCard({ customerId, group }: { customerId: number; group: GroupProgress }) {
  const t = useText();
  const word = useWord();
  const cap = group.tracking === 'CAPPING';
  const title = <Link className="link" to={`/groups/${group.id}`}>{group.name}</Link>;
  return (
    <Card title={title} action={<Badge color="gray">{word('tracking', group.tracking)}</Badge>}>
      <Stack gap="md">
        {group.streak && <StreakLine group={group} />}
        {group.targets.map((target) => {
          const period = currentPeriod(target, group.runningPeriodIds);
          return period && <TargetRow key={target.id} customerId={customerId} target={target} period={period} cap={cap} />;
        })}
        {group.wholes.filter((one) => group.runningPeriodIds.includes(one.periodId)).map((whole) => (
          <Text size="sm" key={whole.periodId} component="div">
            {t('customer.whole', { reached: whole.reached, needed: whole.needed })}
            {whole.threshold !== null && <> · {t('customer.wholeSum')} <Amount value={whole.value} /> / <Amount value={whole.threshold} /></>}
            {whole.achievedAt && <> · {t('customer.achieved')} <TimeText at={whole.achievedAt} precision="day" /></>}
          </Text>
        ))}
        <Earlier customerId={customerId} group={group} />
      </Stack>
    </Card>
  );
}

export function explanationLink(customerId: number, targetId: number, period: string): { to: string; search: never } {
  return { to: `/customers/${customerId}/targets/${targetId}`, search: { period } as never };
}

function TargetRow({ customerId, target, period, cap }: { customerId: number; target: TargetProgress; period: PeriodProgress; cap: boolean }) {
  const t = useText();
  const daysUntil = useDaysUntil();
  const days = period.status === 'RUNNING' ? daysUntil(period.endsAt) : null;
  const share = period.goal > 0 ? Math.floor((period.value / period.goal) * 100) : 100;
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <Stack gap={0} style={{ minWidth: 0 }}>
          <Text fw={600} size="sm">{target.name}</Text>
          <Group gap={6}>
            <Text size="sm" c="dimmed">{period.refCode}</Text>
            {period.achievedAt && !cap && <Badge color="green">{t('customer.achieved')} <TimeText at={period.achievedAt} precision="day" /></Badge>}
            {!period.takesPart && period.value === 0 && <Badge color="gray">{t('customer.takesNoPart')}</Badge>}
            {days !== null && days >= 0 && <Text size="sm" c="dimmed">{t('customer.daysLeft', { days })}</Text>}
          </Group>
        </Stack>
        <Group gap="sm" wrap="nowrap">
          <Text size="sm" className="figures nowrap">
            <b><Amount value={period.value} /></b> / <Amount value={period.goal} /> <Text span size="sm" c="dimmed" className="wide-only">{share} %</Text>
          </Text>
          <Button component={Link} {...explanationLink(customerId, target.id, period.refCode)} size="xs" variant="light" leftSection={<IconQuestionMark size={14} />}>
            {t('customer.why')}<span className="visually-hidden"> {target.name}</span>
          </Button>
        </Group>
      </Group>
      <div style={{ marginTop: 8 }}>
        <Meter value={period.value} goal={period.goal} cap={cap} label={t('customer.meter', { value: period.value, goal: period.goal })} />
      </div>
    </div>
  );
}

function StreakLine({ group }: { group: GroupProgress }) {
  const t = useText();
  const streak = group.streak;
  if (!streak) return null;
  const periods = (group.targets[0]?.periods ?? []).filter((one) => one.status === 'ENDED' || one.status === 'RUNNING').slice(-12);
  const stateOf = (one: PeriodProgress) => {
    if (one.achievedAt) return 'DONE';
    if (streak.frozenPeriodIds.includes(one.id)) return 'FROZEN';
    return one.status === 'RUNNING' ? 'OPEN' : 'MISSED';
  };
  return (
    <Stack gap="xs">
      <Text size="sm">
        {t('streak.run', { run: streak.run })}
        {streak.levels.map((level) => (
          <span key={level.id}> · {level.name}: {level.earnedAt ? t('streak.earned') : t('streak.level', { count: level.count, needed: level.needed })}</span>
        ))}
        {streak.freezesLeft > 0 && <span> · {t('streak.freezes', { count: streak.freezesLeft })}</span>}
      </Text>
      <StreakCells cells={periods.map((one) => ({ period: one.refCode, state: stateOf(one) }))} />
    </Stack>
  );
}

const SIGNS: Record<string, string> = { DONE: '✓', MISSED: '✕', FROZEN: '❄', PAUSED: 'Ⅱ', OUTAGE: '!', OPEN: '…', UPCOMING: '·' };

/** One cell for each period of a streak, each with a sign and a word. */
export function StreakCells({ cells }: { cells: { period: string; state: string }[] }) {
  const word = useWord();
  return (
    <ul className="streak-cells" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {cells.map((cell) => (
        <li key={cell.period} className="streak-cell" data-state={cell.state}>
          <b aria-hidden>{SIGNS[cell.state] ?? '·'}</b>
          <span>{cell.period.replace(/^\d{4}-/, '')}</span>
          <span>{word('streakState', cell.state)}</span>
        </li>
      ))}
    </ul>
  );
}

function Earlier({ customerId, group }: { customerId: number; group: GroupProgress }) {
  const t = useText();
  const rows = group.targets.flatMap((target) =>
    target.periods.filter((one) => one.status === 'ENDED' && (one.value !== 0 || one.takesPart)).map((period) => ({ target, period })),
  );
  if (rows.length === 0) return null;
  return (
    <Accordion variant="default" chevronPosition="left" styles={{ content: { paddingInline: 0 }, item: { border: 0 }, control: { paddingInline: 0 } }}>
      <Accordion.Item value="earlier">
        <Accordion.Control><Text size="sm">{t('customer.earlier', { count: rows.length })}</Text></Accordion.Control>
        <Accordion.Panel>
          <Stack gap={6}>
            {rows.slice(-EARLIER_MAX).reverse().map(({ target, period }) => (
              <Group key={`${target.id}-${period.id}`} justify="space-between" gap="sm">
                <Link className="link" {...explanationLink(customerId, target.id, period.refCode)}>
                  {group.targets.length > 1 ? `${target.name} · ` : ''}{period.refCode}
                </Link>
                <Group gap="sm">
                  <Text size="sm" className="figures"><Amount value={period.value} /> / <Amount value={period.goal} /></Text>
                  {group.tracking !== 'CAPPING' && <Status state={period.achievedAt ? 'ACHIEVED' : 'ENDED'} />}
                </Group>
              </Group>
            ))}
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
