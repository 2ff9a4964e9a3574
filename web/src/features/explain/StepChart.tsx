import { useElementSize } from '@mantine/hooks';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text';
import type { Explanation } from './trail';

const [HEIGHT, LEFT, BOTTOM, TOP] = [190, 52, 24, 14];
const WIDTH_MIN = 200;

/** How the value grew over the period, from zero, with the goal as a dashed line. The trail below has the figures. */
export function StepChart({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const intl = useIntl();
  const { ref, width: measured } = useElementSize();
  const width = Math.max(WIDTH_MIN, measured);
  const { period, counted, opening, goal, at, timeZone } = explanation;
  const times = counted.map((one) => Date.parse(one.event.occurredAt));
  const begin = period.startsAt ? Date.parse(period.startsAt) : Math.min(...times, Date.parse(at));
  const end = period.endsAt ? Date.parse(period.endsAt) : Math.max(...times, Date.parse(at));
  const most = Math.max(goal ?? 0, explanation.value, ...counted.map((one) => one.sum), 1) * 1.08;
  const x = (instant: number) => LEFT + Math.min(1, Math.max(0, (instant - begin) / Math.max(1, end - begin))) * (width - LEFT - 8);
  const y = (value: number) => TOP + (1 - Math.max(0, value) / most) * (HEIGHT - TOP - BOTTOM);
  let path = `M ${x(begin)} ${y(opening)}`;
  counted.forEach((one, place) => {
    path += ` H ${x(times[place])} V ${y(one.sum)}`;
  });
  const last = Math.min(end, Date.parse(at));
  path += ` H ${x(Math.max(last, times.at(-1) ?? begin))}`;
  const day = (instant: number) => intl.formatDate(instant, { day: 'numeric', month: 'short', timeZone });
  const summary = t('explain.chart', { value: intl.formatNumber(explanation.value, { minimumFractionDigits: Number.isInteger(explanation.value) ? 0 : 2 }), goal: goal === null ? '–' : intl.formatNumber(goal), steps: counted.length });
  return (
    <figure style={{ margin: 0 }} ref={ref}>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={summary} width={width} height={HEIGHT} style={{ display: 'block', maxWidth: '100%' }}>
        <g fontSize="12" fill="var(--mantine-color-dimmed)">
          <line x1={LEFT} x2={width - 8} y1={y(0)} y2={y(0)} stroke="var(--card-border)" />
          <text x={LEFT - 6} y={y(0) + 4} textAnchor="end">0</text>
          {goal !== null && goal > 0 && (
            <>
              <line x1={LEFT} x2={width - 8} y1={y(goal)} y2={y(goal)} stroke="var(--mantine-color-dimmed)" strokeDasharray="5 4" />
              <text x={LEFT - 6} y={y(goal) + 4} textAnchor="end">{intl.formatNumber(goal)}</text>
            </>
          )}
          <text x={LEFT} y={HEIGHT - 6}>{day(begin)}</text>
          <text x={width - 8} y={HEIGHT - 6} textAnchor="end">{day(end - 1000)}</text>
        </g>
        <path d={path} fill="none" stroke="light-dark(var(--mantine-color-pine-7), var(--mantine-color-pine-4))" strokeWidth="2.500" strokeLinejoin="round" />
        {counted.map((one, place) => (
          <circle key={place} cx={x(times[place])} cy={y(one.sum)} r="4" fill={one.amount < 0 ? 'light-dark(#b42318, #ff9a8f)' : 'light-dark(var(--mantine-color-pine-7), var(--mantine-color-pine-4))'}>
            <title>{`${day(times[place])}: ${one.sentence} = ${one.sum}`}</title>
          </circle>
        ))}
      </svg>
      <figcaption style={{ fontSize: 13, color: 'var(--mantine-color-dimmed)' }}>{summary} {t('zoneNote', { zone: timeZone })}</figcaption>
    </figure>
  );
}
