import { Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useIntl } from 'react-intl';
import { useOrganisation } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Card } from '../../ui/basics';
import { runningPeriod, type TargetGroup } from './groups';

const DAY_MS = 86_400_000;

/** Where, in percent, there is no longer room for the name of a month. */
const LABEL_END = 94;
const dayOf = (text: string) => Date.parse(`${text.slice(0, 10)}T00:00:00Z`);

/** A bar for each target group with its periods as parts of it; days are those of the group's own zone. */
export function Calendar({ groups }: { groups: TargetGroup[] }) {
  const t = useText();
  const word = useWord();
  const intl = useIntl();
  const organisation = useOrganisation();
  const dated = groups.filter((group) => group.periods?.some((one) => one.startDate && one.endDate));
  const spans = dated.flatMap((group) => group.periods ?? []);
  if (spans.length === 0) return <Card><Text size="sm">{t('calendar.none')}</Text></Card>;
  const begin = Math.min(...spans.map((one) => dayOf(one.startDate)));
  const end = Math.max(...spans.map((one) => dayOf(one.endDate) + DAY_MS));
  const place = (instant: number) => ((instant - begin) / (end - begin)) * 100;
  const months: number[] = [];
  for (const at = new Date(begin); at.getTime() < end; at.setUTCMonth(at.getUTCMonth() + 1, 1)) months.push(at.getTime());
  const step = Math.ceil(months.length / 12);
  const now = organisation ? place(Date.parse(organisation.now)) : -1;
  return (
    <Card title={t('groups.view.calendar')}>
      <div className="calendar">
        <div className="calendar-months" aria-hidden>
          {months.filter((month, number) => number % step === 0 && place(month) < LABEL_END).map((month) => (
            <span key={month} style={{ insetInlineStart: `${place(month)}%` }}>
              {intl.formatDate(month, { month: 'short', year: '2-digit', timeZone: 'UTC' })}
            </span>
          ))}
        </div>
        {dated.map((group) => {
          const running = runningPeriod(group);
          return (
            <div key={group.id} className="calendar-row">
              <Group justify="space-between" gap="xs">
                <Link className="link" to={`/groups/${group.id}`}>{group.name}</Link>
                <Text size="sm" c="dimmed">
                  {word('tracking', group.trackingType)}
                  {running && ` · ${t('calendar.running', { period: running.refCode })}`}
                </Text>
              </Group>
              <div className="calendar-line">
                {group.periods?.map((one) => (
                  <span
                    key={one.id}
                    className="calendar-period"
                    data-state={one.periodStatus}
                    title={`${one.refCode}: ${one.startDate} – ${one.endDate}`}
                    style={{
                      insetInlineStart: `${place(dayOf(one.startDate))}%`,
                      width: `calc(${place(dayOf(one.endDate) + DAY_MS) - place(dayOf(one.startDate))}% - 2px)`,
                    }}
                  />
                ))}
                {now >= 0 && now <= 100 && <span className="calendar-now" style={{ insetInlineStart: `${now}%` }} />}
              </div>
            </div>
          );
        })}
        <Text size="sm" c="dimmed" mt="sm">{t('calendar.legend')}</Text>
      </div>
    </Card>
  );
}
