import { Alert, Button, SegmentedControl, Stack, Text, Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDeviceFloppy, IconInfoCircle, IconTrash } from '../../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, api } from '../../api/client';
import { useMay, useOrganisation } from '../../app/session';
import { useLanguage } from '../../i18n/Language';
import { useText } from '../../i18n/text';
import { Answered, Card, CopyAction, Problem } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';
import { useGroups, useRules } from '../groups/groups';
import { BacktestCard } from './BacktestCard';
import { blankDefinition, definitionOf, withTarget, type Definition } from './definition';
import { EditorForm } from './EditorForm';
import { InWords, useTried } from './Preview';
import { Review } from './Review';

/** Define a new target group. */
export function NewGroupPage() {
  const organisation = useOrganisation();
  return organisation ? <Editor begin={blankDefinition(organisation.now, organisation.zone)} isLive={false} /> : null;
}

/** Change a target group, by the draft beside it. */
export function EditGroupPage() {
  const { groupId } = useParams({ strict: false }) as { groupId: string };
  const id = Number(groupId);
  const groups = useGroups();
  const rules = useRules();
  return (
    <Answered query={groups} height={500}>
      {({ data }) => (
        <Answered query={rules} height={500}>
          {({ items }) => {
            const live = data.find((one) => one.id === id);
            const drafted = items.find((one) => one.targetGroupId === id)?.draft;
            return <Opened key={id} id={id} live={live && definitionOf(live)} hasDraft={Boolean(drafted)} />;
          }}
        </Answered>
      )}
    </Answered>
  );
}

/** What the editor begins with is chosen once: a draft that is saved later must not take the form away. */
function Opened({ id, live, hasDraft }: { id: number; live?: Definition; hasDraft: boolean }) {
  const [begin] = useState({ live, hasDraft });
  if (begin.hasDraft) return <Drafted id={id} isLive={begin.live !== undefined} />;
  return begin.live ? <Editor id={id} begin={begin.live} isLive /> : <Unknown id={id} />;
}

function Unknown({ id }: { id: number }) {
  const t = useText();
  return <Page title={t('notFound.title')} crumbs={[{ title: t('nav.groups'), to: '/groups' }]}><Text>{t('groups.unknown', { id })}</Text></Page>;
}

function Drafted({ id, isLive }: { id: number; isLive: boolean }) {
  const { language } = useLanguage();
  const draft = $api.useQuery('get', '/api/v1/targetGroups/{group_id}/draft', { params: { path: { group_id: id }, query: { language } } }, { staleTime: Infinity });
  return <Answered query={draft} height={500}>{(saved) => <Editor id={id} begin={definitionOf(saved.definition)} isLive={isLive} saved />}</Answered>;
}

function Editor({ id, begin, isLive, saved = false }: { id?: number; begin: Definition; isLive: boolean; saved?: boolean }) {
  const t = useText();
  const may = useMay();
  const [definition, setDefinition] = useState(begin);
  const [kept, setKept] = useState(saved ? JSON.stringify(begin) : '');
  const [view, setView] = useState('form');
  const search = useSearch({ strict: false }) as { review?: string };
  const [reviewing, setReviewing] = useState(search.review === 'yes');
  const [error, setError] = useState<unknown>(null);
  const tried = useTried(definition);
  const save = useSave(id, isLive);
  const isKept = kept === JSON.stringify(definition);
  const keep = async (reviews = false): Promise<number | null> => {
    setError(null);
    try {
      const made = await save(definition, reviews);
      setKept(JSON.stringify(definition));
      return made;
    } catch (problem) {
      setError(problem);
      return null;
    }
  };
  const review = async () => {
    if (isKept || (await keep(true)) !== null) setReviewing(true);
  };
  const title = id === undefined ? t('groups.new') : t('editor.edit', { name: begin.name ?? '' });
  if (!may('definitions:write')) return <Page title={title}><Alert variant="default">{t('problem.scope', { scope: 'definitions:write' })}</Alert></Page>;
  const crumbs = [{ title: t('nav.groups'), to: '/groups' }, ...(isLive && id !== undefined ? [{ title: begin.name ?? '', to: `/groups/${id}` }] : [])];
  return (
    <Page
      title={title}
      crumbs={crumbs}
      about={id !== undefined && <DraftLine id={id} isKept={isKept} />}
      actions={
        <>
          {id !== undefined && <Discard id={id} isLive={isLive} />}
          <Button variant="default" leftSection={<IconDeviceFloppy size={16} />} onClick={() => void keep()} disabled={isKept}>{t('editor.save')}</Button>
          <Button onClick={() => void review()} disabled={tried.isError}>{t('editor.review')}</Button>
        </>
      }
    >
      {error !== null && <Problem error={error} />}
      {reviewing && id !== undefined && <Review id={id} isLive={isLive} isKept={isKept} close={() => setReviewing(false)} />}
      <SegmentedControl aria-label={t('editor.view')} value={view} onChange={setView} data={[{ value: 'form', label: t('editor.form') }, { value: 'json', label: 'JSON' }]} w="fit-content" />
      <div className="split editor">
        {view === 'form' ? <EditorForm definition={definition} change={setDefinition} isLive={isLive} /> : <JsonEditor definition={definition} change={setDefinition} />}
        <div className="sticky-side" tabIndex={0} role="region" aria-label={t('editor.preview')}>
          <Stack gap="md">
            <InWords definition={definition} tried={tried} />
            <BacktestCard definition={definition} live={isLive ? id : undefined} choose={(goal) => setDefinition(withTarget(definition, 0, { defaultValues: [{ defaultValue: goal }] }))} />
          </Stack>
        </div>
      </div>
    </Page>
  );
}

/** Keep the definition as a draft; a new group gets its id and its own address by that. */
function useSave(id: number | undefined, isLive: boolean): (definition: Definition, reviews: boolean) => Promise<number | null> {
  const t = useText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { language } = useLanguage();
  return async (definition, reviews) => {
    const query = { language };
    const { data } =
      id === undefined
        ? await api.POST('/api/v1/targetGroups/drafts', { params: { query }, body: definition })
        : await api.PUT('/api/v1/targetGroups/{group_id}/draft', { params: { path: { group_id: id }, query }, body: definition });
    notifications.show({ message: isLive ? t('editor.savedBeside') : t('editor.saved') });
    await client.invalidateQueries({ queryKey: ['get', '/api/v1/targetGroups/rules'] });
    await client.invalidateQueries({ queryKey: ['get', '/api/v1/targetGroups/{group_id}/draft'], refetchType: 'none' });
    if (id === undefined && data) await navigate({ to: `/groups/${data.targetGroupId}/edit`, search: (reviews ? { review: 'yes' } : {}) as never, replace: true });
    return data?.targetGroupId ?? null;
  };
}

function DraftLine({ id, isKept }: { id: number; isKept: boolean }) {
  const t = useText();
  const rules = useRules();
  const draft = rules.data?.items.find((one) => one.targetGroupId === id)?.draft;
  if (!draft) return <>{t('editor.noDraft')}</>;
  return <>{t('editor.revision', { revision: draft.revision })} · <TimeText at={draft.savedAt} /> · {draft.savedBy}{!isKept && ` · ${t('editor.unsaved')}`}</>;
}

function Discard({ id, isLive }: { id: number; isLive: boolean }) {
  const t = useText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const rules = useRules();
  if (!rules.data?.items.find((one) => one.targetGroupId === id)?.draft) return null;
  const discard = async () => {
    await api.DELETE('/api/v1/targetGroups/{group_id}/draft', { params: { path: { group_id: id } } });
    notifications.show({ message: t('editor.discarded') });
    await navigate({ to: isLive ? `/groups/${id}` : '/groups' });
    await client.invalidateQueries();
  };
  return <Button variant="subtle" color="gray" leftSection={<IconTrash size={16} />} onClick={() => void discard()}>{t('editor.discard')}</Button>;
}

/** The same document as text. What is no JSON stays in the field and changes nothing. */
function JsonEditor({ definition, change }: { definition: Definition; change: (definition: Definition) => void }) {
  const t = useText();
  const [text, setText] = useState(() => JSON.stringify(definition, null, 2));
  const [wrong, setWrong] = useState<string | null>(null);
  const type = (typed: string) => {
    setText(typed);
    try {
      change(JSON.parse(typed) as Definition);
      setWrong(null);
    } catch (problem) {
      setWrong(String(problem));
    }
  };
  return (
    <Card title={t('group.json')} action={<CopyAction text={text}>{t('editor.copyRequest')}</CopyAction>}>
      <Stack gap="xs">
        <Alert variant="default" icon={<IconInfoCircle />}>{t('editor.jsonAbout')}</Alert>
        <Textarea aria-label={t('group.json')} value={text} onChange={(event) => type(event.currentTarget.value)} autosize minRows={20} maxRows={44} error={wrong} spellCheck={false} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }} />
      </Stack>
    </Card>
  );
}
