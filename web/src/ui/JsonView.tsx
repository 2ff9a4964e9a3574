import type { ReactNode } from 'react';

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with colours. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const parts: ReactNode[] = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(end, found.index));
    const kind = found[1] ? (found[2] ? 'key' : 'string') : 'literal';
    parts.push(<span key={found.index} className={kind}>{found[1] ?? found[0]}</span>);
    if (found[2]) parts.push(found[2]);
    end = found.index + found[0].length;
  }
  parts.push(text.slice(end));
  return <pre className="json" tabIndex={0} aria-label={label}>{parts}</pre>;
}
