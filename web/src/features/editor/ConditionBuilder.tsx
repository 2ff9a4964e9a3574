import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '../../ui/icons';
import { $api } from '../../api/client';
import { useText, useWord } from '../../i18n/text';
import { fieldsOf, OPERATORS, read, write, type Conditions } from './conditions';

const OWNERS: Record<string, string> = { TRANSACTION: 'currentTxn', LINEITEM: 'currentLineItem', CUSTOMER: 'currentCustomer' };

/** Rows of field, operator and value; an expression that says more is shown as text. */
export function ConditionBuilder({ entity, expression, change }: { entity: string; expression: string; change: (text: string | undefined) => void }) {
  const t = useText();
  const word = useWord();
  const declared = $api.useQuery('get', '/api/v1/extended-fields');
  const extended = Object.fromEntries(
    (declared.data?.items ?? [])
      .filter((one) => one.entity !== 'LINEITEM' || entity === 'LINEITEM')
      .map((one) => [`${OWNERS[one.entity]}.extField_${one.name}`, one.type === 'TEXT'] as const),
  );
  const fields = { ...fieldsOf(entity), ...extended };
  const conditions = read(expression);
  if (conditions === null) {
    return (
      <Textarea
        label={t('editor.expression')}
        description={t('editor.expressionAbout')}
        value={expression}
        onChange={(event) => change(event.currentTarget.value || undefined)}
        autosize
        minRows={2}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
    );
  }
  const save = (changed: Conditions) => change(write(changed, (field) => fields[field] ?? false) || undefined);
  const set = (place: number, part: Partial<Conditions['rows'][number]>) =>
    save({ ...conditions, rows: conditions.rows.map((row, number) => (number === place ? { ...row, ...part } : row)) });
  const options = [...new Set([...Object.keys(fields), ...conditions.rows.map((row) => row.field)])].map((field) => ({ value: field, label: word('field', field) }));
  return (
    <Stack gap="xs" role="group" aria-label={t('editor.conditions')}>
      <Group gap="sm">
        <Text size="sm" fw={500}>{t('editor.onlyWhere')}</Text>
        {conditions.rows.length > 1 && (
          <SegmentedControl size="xs" aria-label={t('editor.joint')} value={conditions.joint} onChange={(joint) => save({ ...conditions, joint: joint as Conditions['joint'] })} data={[{ value: 'all', label: t('editor.all') }, { value: 'any', label: t('editor.any') }]} />
        )}
      </Group>
      {conditions.rows.length === 0 && <Text size="sm" c="dimmed">{t('editor.noCondition')}</Text>}
      {conditions.rows.map((row, place) => (
        <Group key={place} gap={6} wrap="nowrap">
          <Select aria-label={t('editor.field')} data={options} value={row.field} onChange={(field) => field && set(place, { field })} flex={1} miw={150} searchable allowDeselect={false} />
          <Select aria-label={t('editor.operator')} data={OPERATORS.map((one) => ({ value: one, label: word('operator', one) }))} value={row.operator} onChange={(operator) => operator && set(place, { operator })} w={106} allowDeselect={false} />
          <TextInput aria-label={t('editor.value')} value={row.value} onChange={(event) => set(place, { value: event.currentTarget.value })} w={92} inputMode={fields[row.field] ? 'text' : 'decimal'} />
          <ActionIcon variant="default" size={34} aria-label={t('editor.removeCondition')} onClick={() => save({ ...conditions, rows: conditions.rows.filter((_, number) => number !== place) })}><IconX size={16} /></ActionIcon>
        </Group>
      ))}
      <Button size="xs" variant="default" w="fit-content" leftSection={<IconPlus size={14} />} onClick={() => save({ ...conditions, rows: [...conditions.rows, { field: Object.keys(fields)[0], operator: '>=', value: fields[Object.keys(fields)[0]] ? '' : '25' }] })}>
        {t('editor.addCondition')}
      </Button>
    </Stack>
  );
}
