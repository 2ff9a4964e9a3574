import { Button, Group, Stack, Tabs, Text } from '@mantine/core';
import { IconPencil } from '../../ui/icons';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, CopyAction, CopyText, Empty, Facts, Status } from '../../ui/basics';
import { JsonView } from '../../ui/JsonView';
import { Page } from '../../ui/Page';
import { definitionOf } from '../editor/definition';
import { Board } from './Board';
import { stateOf, useGroups, useRules, type GroupRules, type TargetGroup } from './groups';
import { Periods } from './Periods';
import { Summary } from './Summary';
import { Versions } from './Versions';

/** One target group: its periods, its rule, its versions, its board. */
export function GroupPage() {
  const t = useText();
  const { groupId } = useParams({ strict: false }) as { groupId: string };
  const groups = useGroups();
  const rules = useRules();
  return (
    <Answered query={groups} height={420}>
      {({ data }) => {
        const group = data.find((one) => one.id === Number(groupId));
        if (!group) return <Page title={t('notFound.title')}><Empty title={t('groups.unknown', { id: groupId })} /></Page>;
        return (
          <Answered query={rules} height={420}>
            {({ items }) => <Detail group={group} rules={items.find((one) => one.targetGroupId === group.id)} />}
          </Answered>
        );
      }}
    </Answered>
  );
}

function Detail({ group, rules }: { group: TargetGroup; rules?: GroupRules }) {
  const t = useText();
  const word = useWord();
  const may = useMay();
  const navigate = useNavigate();
  const { tab = 'periods' } = useSearch({ strict: false }) as { tab?: string };
  const definition = definitionOf(group);
  const edit = may('definitions:write') && (
    <Button component={Link} to={`/groups/${group.id}/edit`} leftSection={<IconPencil size={16} />}>
      {rules?.draft ? t('group.openDraft') : t('group.edit')}
    </Button>
  );
  const about = (
    <Group gap="xs">
      <Status state={stateOf(group)} /> {word('tracking', group.trackingType)}
      {group.description && <span>· {group.description}</span>}
    </Group>
  );
  const actions = <><CopyAction text={JSON.stringify(definition, null, 2)}>{t('group.copy')}</CopyAction>{edit}</>;
  return (
    <Page title={group.name} about={about} actions={actions} crumbs={[{ title: t('nav.groups'), to: '/groups' }]}>
      <Card title={t('group.inWords')}>
        <Stack gap="sm">
          {rules?.targets.map((target) => (
            <div key={target.targetId}>
              {rules.targets.length > 1 && <Text fw={600} size="sm">{target.name}</Text>}
              <p className="quote">{target.sentence}</p>
            </div>
          ))}
        </Stack>
      </Card>
      <Tabs value={tab} onChange={(value) => void navigate({ to: `/groups/${group.id}`, search: { tab: value ?? undefined }, replace: true })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="periods">{t('group.periods')}</Tabs.Tab>
          <Tabs.Tab value="summary">{t('summary.title')}</Tabs.Tab>
          <Tabs.Tab value="targets">{t('group.targets')}</Tabs.Tab>
          <Tabs.Tab value="versions">{t('group.versions')}</Tabs.Tab>
          {group.leaderboardEnabled && may('customers:read') && <Tabs.Tab value="board">{t('group.board')}</Tabs.Tab>}
          <Tabs.Tab value="json">{t('group.json')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="periods"><Periods group={group} /></Tabs.Panel>
        <Tabs.Panel value="summary"><Summary group={group} /></Tabs.Panel>
        <Tabs.Panel value="targets"><Targets group={group} /></Tabs.Panel>
        <Tabs.Panel value="versions"><Versions groupId={group.id} /></Tabs.Panel>
        <Tabs.Panel value="board"><Board group={group} /></Tabs.Panel>
        <Tabs.Panel value="json"><JsonView value={definition} label={t('group.json')} /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Targets({ group }: { group: TargetGroup }) {
  const t = useText();
  const word = useWord();
  return (
    <div className="split even">
      {group.targets?.map((target) => (
        <Card key={target.id} title={target.name} action={<Status state={target.active ? 'ACTIVE' : 'STOPPED'} />}>
          <Facts
            rows={[
              ['fact.id', <CopyText value={String(target.id)} key="id" />],
              ['fact.measures', word('measure', `${target.targetEntity}-${target.targetType}`)],
              ['fact.event', target.eventName],
              ['fact.condition', target.expression && target.expression !== 'true' ? <code>{target.expression}</code> : t('fact.always')],
              ['fact.goals', [...new Set((target.defaultValues ?? []).map((goal) => String(goal.defaultValue)))].join(', ')],
              ['fact.enrolment', word('enrolment', target.enrolmentMethod)],
              ['fact.milestones', (target.targetMilestoneTriggers ?? []).map((one) => `${one.triggerName} (${one.triggerValue}${one.triggerValueType === 'PERCENTAGE' ? ' %' : ''})`).join(', ')],
            ]}
          />
        </Card>
      ))}
    </div>
  );
}
