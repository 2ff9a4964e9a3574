import { Tooltip } from '@mantine/core';
import { useIntl } from 'react-intl';
import { useOrganisation } from '../app/session';
import { useText } from '../i18n/text';

type Precision = 'day' | 'minute' | 'second';

const PARTS: Record<Precision, Intl.DateTimeFormatOptions> = {
  day: { day: 'numeric', month: 'short', year: 'numeric' },
  minute: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  second: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' },
};

/** An instant in a zone that is named on hover and to readers of screens; never in the viewer's own zone. */
export function TimeText({ at, zone, precision = 'minute', last }: {
  at: string | null | undefined; zone?: string; precision?: Precision; last?: boolean;
}) {
  const intl = useIntl();
  const organisation = useOrganisation();
  const timeZone = zone ?? organisation?.zone ?? 'UTC';
  if (!at) return <>–</>;
  // The end of a span is the first instant after it: a person reads the last second before.
  const instant = new Date(new Date(at).getTime() - (last ? 1000 : 0));
  const text = intl.formatDate(instant, { ...PARTS[precision], timeZone });
  return (
    <Tooltip label={`${intl.formatDate(instant, { ...PARTS.second, timeZone })} ${timeZone} · ${at}`} multiline>
      <time dateTime={at} className="figures nowrap">
        {text}
        <span className="visually-hidden"> {timeZone}</span>
      </time>
    </Tooltip>
  );
}

/** The zone that the times of a picture or a table are in. */
export function ZoneNote({ zone }: { zone?: string }) {
  const t = useText();
  const organisation = useOrganisation();
  return <>{t('zoneNote', { zone: zone ?? organisation?.zone ?? 'UTC' })}</>;
}

/** Whole days from the server's now until an instant; null where either is not known. */
export function useDaysUntil(): (at: string | null | undefined) => number | null {
  const organisation = useOrganisation();
  return (at) => {
    if (!at || !organisation) return null;
    return Math.ceil((new Date(at).getTime() - new Date(organisation.now).getTime()) / 86_400_000);
  };
}
