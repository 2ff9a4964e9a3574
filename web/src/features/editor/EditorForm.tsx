import { Button, Group, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '../../ui/icons';
import type { ReactNode } from 'react';
import { useText } from '../../i18n/text';
import { Card } from '../../ui/basics';
import { blankTarget, CALENDAR, withName, withTarget, type Definition } from './definition';
import { KindFields } from './KindFields';
import { PeriodFields } from './PeriodFields';
import { ApiName, HowMuch, WhatCounts, WhoTakesPart } from './TargetFields';

interface Props {
  definition: Definition;
  change: (definition: Definition) => void;
  isLive: boolean;
}

/** The definition as a form, in the order in which a person thinks of it. */
export function EditorForm({ definition, change, isLive }: Props) {
  const t = useText();
  const targets = definition.targets ?? [];
  const several = definition.trackingType === 'UNIFIED' || targets.length > 1;
  const calendar = (definition.targetEvaluationType ?? CALENDAR) === CALENDAR;
  const boardReason = !calendar ? t('editor.boardCalendar') : definition.trackingType === 'CAPPING' ? t('editor.boardCap') : null;
  return (
    <Stack gap="md">
      <Section number={1} title={t('editor.name')}>
        <TextInput label={t('groups.name')} description={<ApiName name="name" />} value={definition.name ?? ''} onChange={(event) => change(withName(definition, event.currentTarget.value))} maxLength={200} required />
        <Textarea label={t('editor.description')} description={<ApiName name="description" />} value={definition.description ?? ''} onChange={(event) => change({ ...definition, description: event.currentTarget.value || undefined })} maxLength={255} autosize minRows={1} />
      </Section>
      <Section number={2} title={t('editor.kind')}><KindFields definition={definition} change={change} isLive={isLive} /></Section>
      {targets.map((target, place) => {
        const set = (part: object) => change(withTarget(definition, place, part));
        return (
          <Section
            key={place}
            number={3}
            title={several ? t('editor.targetNumber', { number: place + 1 }) : t('editor.what')}
            action={several && targets.length > 1 && !isLive && <Button size="xs" variant="subtle" color="gray" leftSection={<IconTrash size={14} />} onClick={() => change({ ...definition, targets: targets.filter((_, number) => number !== place) })}>{t('editor.removeTarget')}</Button>}
          >
            <WhatCounts definition={definition} target={target} change={set} named={several} />
            <HowMuch definition={definition} target={target} change={set} />
            <WhoTakesPart target={target} change={set} />
          </Section>
        );
      })}
      {(definition.trackingType === 'UNIFIED' || definition.trackingType === 'DEFAULT') && (
        <Button variant="default" w="fit-content" leftSection={<IconPlus size={16} />} onClick={() => change({ ...definition, targets: [...targets, blankTarget('')] })}>{t('editor.addTarget')}</Button>
      )}
      <Section number={4} title={t('editor.when')}><PeriodFields definition={definition} change={change} isLive={isLive} /></Section>
      <Section number={5} title={t('group.board')}>
        <Switch label={t('editor.board')} description={boardReason ?? <ApiName name="leaderboardEnabled" />} checked={definition.leaderboardEnabled ?? false} disabled={boardReason !== null} onChange={(event) => change({ ...definition, leaderboardEnabled: event.currentTarget.checked })} />
      </Section>
      <Section number={6} title={t('editor.happens')}>
        <Text size="sm">{t('editor.happensAbout')}</Text>
      </Section>
    </Stack>
  );
}

function Section({ number, title, action, children }: { number: number; title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <Card title={<Group gap={8} component="span"><Text span c="dimmed" fw={500} inherit>{number}</Text>{title}</Group>} action={action}>
      <Stack gap="md">{children}</Stack>
    </Card>
  );
}
