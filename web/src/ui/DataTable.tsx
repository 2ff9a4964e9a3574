import { IconArrowDown, IconArrowUp, IconArrowsSort } from './icons';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

/** A column: what it shows, and by what it sorts. */
export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  sort?: (row: Row) => string | number;
  number?: boolean;
  wide?: boolean;
}

interface Props<Row> {
  rows: readonly Row[];
  columns: Column<Row>[];
  rowKey: (row: Row) => string | number;
  caption: string;
  /** Where a click beside the link of the row leads, too. */
  rowLink?: (row: Row) => string;
}

/** A table whose columns sort; j, k and enter move through its rows. */
export function DataTable<Row>({ rows, columns, rowKey, caption, rowLink }: Props<Row>) {
  const [order, setOrder] = useState<{ key: string; down: boolean } | null>(null);
  const navigate = useNavigate();
  const body = useRef<HTMLTableSectionElement>(null);
  const column = columns.find((one) => one.key === order?.key);
  const sorted = [...rows];
  if (column?.sort && order) {
    const by = column.sort;
    sorted.sort((left, right) => {
      const [a, b] = [by(left), by(right)];
      const less = typeof a === 'string' ? a.localeCompare(String(b)) : a - Number(b);
      return order.down ? -less : less;
    });
  }
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0;
    if (step === 0 || !body.current) return;
    const links = [...body.current.querySelectorAll<HTMLElement>('tr > td:first-child a')];
    const place = links.indexOf(document.activeElement as HTMLElement);
    links[Math.min(links.length - 1, Math.max(0, place + step))]?.focus();
  };
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={caption} onKeyDown={move}>
      <table className="data-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((one) => {
              const active = order?.key === one.key;
              const sortState = active ? (order.down ? 'descending' : 'ascending') : undefined;
              const Icon = active ? (order.down ? IconArrowDown : IconArrowUp) : IconArrowsSort;
              return (
                <th key={one.key} scope="col" aria-sort={sortState} className={[one.number && 'number', one.wide && 'wide-only'].filter(Boolean).join(' ')}>
                  {one.sort ? (
                    <button className="sort-button" onClick={() => setOrder({ key: one.key, down: active ? !order.down : false })}>
                      {one.title} <Icon size={13} aria-hidden />
                    </button>
                  ) : (
                    one.title
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody ref={body}>
          {sorted.map((row) => (
            <tr
              key={rowKey(row)}
              data-link={rowLink ? true : undefined}
              style={rowLink ? { cursor: 'pointer' } : undefined}
              onClick={(event) => {
                if (rowLink && !(event.target as HTMLElement).closest('a, button, input')) void navigate({ to: rowLink(row) });
              }}
            >
              {columns.map((one) => (
                <td key={one.key} className={[one.number && 'number', one.wide && 'wide-only'].filter(Boolean).join(' ')}>
                  {one.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
