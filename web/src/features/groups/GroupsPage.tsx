import { Badge, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '../../ui/icons';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useIntl } from 'react-intl';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, Empty, Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Page } from '../../ui/Page';
import { Calendar } from './Calendar';
import { placeOf, runningPeriod, stateOf, useGroups, useRules, type GroupRules, type TargetGroup } from './groups';

interface Row {
  id: number;
  name: string;
  description: string;
  tracking: string;
  state: string;
  sentence: string;
  more: number;
  period: string;
  ends: string;
  draft: boolean;
}

/** All target groups: as a list, or on a calendar. */
export function GroupsPage() {
  const t = useText();
  const may = useMay();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { view?: string; state?: string; q?: string };
  const groups = useGroups();
  const rules = useRules();
  const change = (changes: Record<string, string | undefined>) =>
    void navigate({ to: '/groups', search: { ...search, ...changes }, replace: true });
  const create = may('definitions:write') && (
    <Button component={Link} to="/groups/new" leftSection={<IconPlus size={16} />}>{t('groups.new')}</Button>
  );
  return (
    <Page title={t('nav.groups')} about={t('groups.about')} actions={create}>
      <Group gap="sm">
        <TextInput
          aria-label={t('groups.search')}
          placeholder={t('groups.search')}
          leftSection={<IconSearch size={16} />}
          value={search.q ?? ''}
          onChange={(event) => change({ q: event.currentTarget.value || undefined })}
          w={{ base: '100%', sm: 260 }}
        />
        <SegmentedControl
          aria-label={t('groups.stateFilter')}
          value={search.state ?? 'all'}
          onChange={(state) => change({ state: state === 'all' ? undefined : state })}
          data={['all', 'RUNNING', 'NOT_STARTED', 'ENDED', 'STOPPED', 'DRAFT'].map((state) => ({ value: state, label: t(`groups.filter.${state}` as 'groups.filter.all') }))}
        />
        <span className="shell-spring" />
        <SegmentedControl
          aria-label={t('groups.view')}
          value={search.view ?? 'list'}
          onChange={(view) => change({ view: view === 'list' ? undefined : view })}
          data={[{ value: 'list', label: t('groups.view.list') }, { value: 'calendar', label: t('groups.view.calendar') }]}
        />
      </Group>
      <Answered query={groups} height={320}>
        {({ data }) => (
          <Answered query={rules} height={320}>
            {({ items }) => {
              const shown = rowsOf(data, items).filter(
                (row) => (!search.state || row.state === search.state || (search.state === 'DRAFT' && row.draft))
                  && row.name.toLowerCase().includes((search.q ?? '').toLowerCase()),
              );
              if (items.length === 0) return <Card><Empty title={t('groups.empty')} action={create}>{t('groups.emptyAbout')}</Empty></Card>;
              if (shown.length === 0) return <Card><Empty title={t('groups.noneShown')} /></Card>;
              return search.view === 'calendar' ? (
                <Calendar groups={data.filter((group) => shown.some((row) => row.id === group.id))} />
              ) : (
                <GroupTable rows={shown} />
              );
            }}
          </Answered>
        )}
      </Answered>
    </Page>
  );
}

function rowsOf(groups: readonly TargetGroup[], rules: readonly GroupRules[]): Row[] {
  const byId = new Map(groups.map((group) => [group.id, group]));
  return rules.map((rule) => {
    const group = byId.get(rule.targetGroupId);
    const running = group && runningPeriod(group);
    return {
      id: rule.targetGroupId,
      name: rule.name,
      description: group?.description ?? '',
      tracking: group?.trackingType ?? '',
      state: group ? stateOf(group) : 'DRAFT',
      sentence: rule.targets[0]?.sentence ?? '',
      more: rule.targets.length - 1,
      period: group && running ? `${placeOf(group, running)}/${group.periods?.length ?? 0}` : '',
      ends: running?.endDate ?? '',
      draft: rule.draft !== null,
    };
  });
}

function GroupTable({ rows }: { rows: Row[] }) {
  const t = useText();
  const word = useWord();
  const intl = useIntl();
  const link = (row: Row) => (row.state === 'DRAFT' ? `/groups/${row.id}/edit` : `/groups/${row.id}`);
  const columns: Column<Row>[] = [
    {
      key: 'name', title: t('groups.name'), sort: (row) => row.name,
      cell: (row) => (
        <Stack gap={0}>
          <Link to={link(row)} className="link">{row.name}</Link>
          <Text size="sm" c="dimmed">{row.description}</Text>
        </Stack>
      ),
    },
    { key: 'kind', title: t('groups.kind'), wide: true, sort: (row) => row.tracking, cell: (row) => word('tracking', row.tracking) },
    {
      key: 'state', title: t('groups.state'), sort: (row) => row.state,
      cell: (row) => (
        <Stack gap={4} align="flex-start">
          <Status state={row.state} />
          {row.draft && row.state !== 'DRAFT' && <Badge color="blue">{t('groups.hasDraft')}</Badge>}
        </Stack>
      ),
    },
    {
      key: 'period', title: t('groups.period'), sort: (row) => row.ends || '9999',
      cell: (row) => row.period && (
        <Stack gap={0} className="nowrap figures">
          <span>{t('groups.place', { place: row.period.split('/')[0], of: row.period.split('/')[1] })}</span>
          <Text size="sm" c="dimmed">{t('groups.until', { day: intl.formatDate(`${row.ends.slice(0, 10)}T12:00:00Z`, { day: 'numeric', month: 'short', timeZone: 'UTC' }) })}</Text>
        </Stack>
      ),
    },
    {
      key: 'rule', title: t('groups.rule'), wide: true,
      cell: (row) => (
        <Text size="sm" maw={520}>
          {row.sentence} {row.more > 0 && <Text span size="sm" c="dimmed">{t('groups.moreTargets', { count: row.more })}</Text>}
        </Text>
      ),
    },
  ];
  return (
    <Card flush>
      <DataTable rows={rows} columns={columns} rowKey={(row) => row.id} caption={t('nav.groups')} rowLink={link} />
    </Card>
  );
}
