import { Alert, Badge, Stack, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '../../ui/icons';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useIntl } from 'react-intl';
import { api, ApiError, type Schemas } from '../../api/client';
import { useOrganisation } from '../../app/session';
import { useLanguage } from '../../i18n/Language';
import { useText } from '../../i18n/text';
import { Card, Problem } from '../../ui/basics';
import { offsetOf } from '../groups/Periods';
import type { Definition } from './definition';

const PAUSE_MS = 450;
const SHOWN_PERIODS = 6;
export type Tried = Schemas['TriedRulesItem'];

/** What the server says of the definition as it stands: in words, or what is wrong with it. */
export function useTried(definition: Definition) {
  const { language } = useLanguage();
  const [settled] = useDebouncedValue(definition, PAUSE_MS);
  return useQuery({
    queryKey: ['tried', language, settled],
    queryFn: async () => {
      const { data } = await api.POST('/api/v1/targetGroups/rules', { params: { query: { language } }, body: settled });
      return data;
    },
    placeholderData: (before) => before,
    retry: false,
  });
}

/** The rule in words as one types, the periods, and what is wrong. */
export function InWords({ definition, tried }: { definition: Definition; tried: ReturnType<typeof useTried> }) {
  const t = useText();
  const told = tried.isError ? undefined : tried.data;
  return (
    <Card title={t('editor.inWords')}>
      <Stack gap="sm" aria-live="polite">
        {tried.error instanceof ApiError && tried.error.status === 400 ? (
          <Alert variant="default" color="yellow" icon={<IconAlertTriangle />} title={t('editor.notYet')}>
            <ul className="sentence-list">
              {tried.error.problems.map((one, place) => <li key={place}>{one.path && <code>{one.path}</code>} {one.reason}</li>)}
            </ul>
          </Alert>
        ) : (
          tried.isError && <Problem error={tried.error} retry={() => void tried.refetch()} />
        )}
        {told?.targets.map((one, place) => (
          <div key={place}>
            {told.targets.length > 1 && <Text size="sm" fw={600}>{one.name}</Text>}
            <p className="quote">{one.sentence}</p>
          </div>
        ))}
        {told && <PeriodStrip periods={told.periods} zone={definition.timeZoneName} />}
        {told?.warnings.map((one) => <Alert key={one} variant="default" icon={<IconAlertTriangle />}>{one}</Alert>)}
      </Stack>
    </Card>
  );
}

function PeriodStrip({ periods, zone }: { periods: Tried['periods']; zone?: string | null }) {
  const t = useText();
  const intl = useIntl();
  const organisation = useOrganisation();
  const timeZone = zone ?? organisation?.zone ?? 'UTC';
  const day = (at: number) => intl.formatDate(at, { day: 'numeric', month: 'short', year: '2-digit', timeZone });
  if (periods.length === 0) return null;
  return (
    <div>
      <Text size="sm" c="dimmed" mb={6}>{t('editor.periodsIn', { count: periods.length, zone: timeZone })}</Text>
      <div className="period-strip">
        {periods.slice(0, SHOWN_PERIODS).map((one) => {
          const [from, to] = [Date.parse(one.startsAt), Date.parse(one.endsAt) - 1000];
          const change = offsetOf(timeZone, from) !== offsetOf(timeZone, to);
          return (
            <span className="period-chip" key={one.refCode}>
              {day(from)} – {day(to)}{' '}
              {change && <Tooltip label={t('periods.clockChange', { zone: timeZone })}><Badge size="xs" color="yellow">{t('periods.clockChangeShort')}</Badge></Tooltip>}
            </span>
          );
        })}
        {periods.length > SHOWN_PERIODS && <span className="period-chip">… {day(Date.parse(periods[periods.length - 1].endsAt) - 1000)}</span>}
      </div>
    </div>
  );
}
