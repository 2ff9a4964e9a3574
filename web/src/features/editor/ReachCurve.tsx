import { useState } from 'react';
import { Button, Table } from '@mantine/core';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text';
import type { Reached } from './backtest';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [380, 130, 38, 20, 8];

/** The share of customers who reach each goal, from zero to one; a table has the same figures. */
export function ReachCurve({ reached, place }: { reached: Reached[]; place: number }) {
  const t = useText();
  const intl = useIntl();
  const [table, setTable] = useState(false);
  const share = (one: Reached) => (one.enrolled === 0 ? 0 : one.achieved / one.enrolled);
  const percent = (value: number) => intl.formatNumber(value, { style: 'percent', maximumFractionDigits: 0 });
  const [least, most] = [reached[0].goal, reached[reached.length - 1].goal];
  const x = (goal: number) => LEFT + ((goal - least) / Math.max(1e-9, most - least)) * (WIDTH - LEFT - 10);
  const y = (value: number) => TOP + (1 - value) * (HEIGHT - TOP - BOTTOM);
  const chosen = reached[place];
  const line = reached.map((one, number) => `${number === 0 ? 'M' : 'L'} ${x(one.goal)} ${y(share(one))}`).join(' ');
  return (
    <figure style={{ margin: 0 }}>
      {table ? (
        <Table fz="sm" aria-label={t('backtest.curve')}>
          <Table.Tbody>
            {reached.map((one) => <Table.Tr key={one.goal}><Table.Td>{intl.formatNumber(one.goal)}</Table.Td><Table.Td ta="end" className="figures">{percent(share(one))}</Table.Td><Table.Td ta="end" className="figures">{one.achieved}</Table.Td></Table.Tr>)}
          </Table.Tbody>
        </Table>
      ) : (
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('backtest.curveText', { least, most, first: percent(share(reached[0])), last: percent(share(reached[reached.length - 1])) })} style={{ width: '100%', display: 'block' }}>
          <g fontSize="11" fill="var(--mantine-color-dimmed)">
            {[0, 0.5, 1].map((value) => (
              <g key={value}>
                <line x1={LEFT} x2={WIDTH - 10} y1={y(value)} y2={y(value)} stroke="var(--card-border)" />
                <text x={LEFT - 6} y={y(value) + 4} textAnchor="end">{percent(value)}</text>
              </g>
            ))}
            <text x={LEFT} y={HEIGHT - 4}>{intl.formatNumber(least)}</text>
            <text x={WIDTH - 10} y={HEIGHT - 4} textAnchor="end">{intl.formatNumber(most)}</text>
          </g>
          <path d={line} fill="none" stroke="light-dark(var(--mantine-color-pine-7), var(--mantine-color-pine-4))" strokeWidth="2.500" strokeLinejoin="round" />
          <line x1={x(chosen.goal)} x2={x(chosen.goal)} y1={y(1)} y2={y(0)} stroke="var(--mantine-color-dimmed)" strokeDasharray="4 4" />
          <circle cx={x(chosen.goal)} cy={y(share(chosen))} r="5" fill="light-dark(var(--mantine-color-pine-7), var(--mantine-color-pine-4))" />
        </svg>
      )}
      <figcaption style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', fontSize: 13 }}>
        {t('backtest.curve')}
        <Button size="compact-xs" variant="subtle" onClick={() => setTable(!table)} aria-pressed={table}>{table ? t('chart.asPicture') : t('chart.asTable')}</Button>
      </figcaption>
    </figure>
  );
}
