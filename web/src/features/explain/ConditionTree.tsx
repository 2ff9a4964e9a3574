import { Badge, Code, Text } from '@mantine/core';
import { IconCheck, IconMinus, IconX } from '../../ui/icons';
import { useText } from '../../i18n/text';
import type { ConditionPart } from './trail';

/** A condition as a tree: each part with the value that it had for the event. */
export function ConditionTree({ condition, deciding }: { condition: ConditionPart; deciding?: ConditionPart | null }) {
  return (
    <ul className="condition-tree">
      <Node part={condition} deciding={deciding?.text} />
    </ul>
  );
}

function Node({ part, deciding }: { part: ConditionPart; deciding?: string }) {
  const t = useText();
  const isCondition = typeof part.value === 'boolean' || (part.value === null && part.parts.length > 0);
  const Icon = part.value === true ? IconCheck : part.value === false ? IconX : IconMinus;
  // A literal is its own value; it needs no line.
  const parts = part.parts.filter((one) => one.parts.length > 0 || String(one.value) !== one.text);
  return (
    <li>
      <div className="condition-node">
        {isCondition && <Icon size={16} aria-hidden color={part.value === true ? 'var(--mantine-color-green-7)' : 'var(--mantine-color-error)'} />}
        <Code>{part.text}</Code>
        {typeof part.value === 'boolean' ? (
          <Text span size="sm" fw={600}>{part.value ? t('condition.true') : t('condition.false')}</Text>
        ) : (
          <Text span size="sm">{part.value === null || part.value === undefined ? t('condition.unknown') : t('condition.was', { value: String(part.value) })}</Text>
        )}
        {deciding === part.text && part.value !== true && isCondition && <Badge color="red">{t('condition.deciding')}</Badge>}
      </div>
      {parts.length > 0 && <ul>{parts.map((one, place) => <Node key={place} part={one} deciding={deciding} />)}</ul>}
    </li>
  );
}
