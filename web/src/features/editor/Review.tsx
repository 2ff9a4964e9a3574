import { Alert, Badge, Button, Group, Radio, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconRocket, IconUsers } from '../../ui/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { $api, api, type Schemas } from '../../api/client';
import { useOrganisation, useSession } from '../../app/session';
import { useLanguage } from '../../i18n/Language';
import { useText, useWord } from '../../i18n/text';
import { Card, Figure, Problem, Status } from '../../ui/basics';

type Preview = Schemas['PreviewItem'];
type Policy = Schemas['ChangePolicy'];
const POLICIES: Policy[] = ['NEXT_PERIOD', 'FROM_NOW', 'RECOMPUTE_RUNNING', 'RECOMPUTE_ALL'];
const POLL_MS = 700;

/** See who gains and who loses, then start: the last steps before a definition is in force. */
export function Review({ id, isLive, isKept, close }: { id: number; isLive: boolean; isKept: boolean; close: () => void }) {
  const t = useText();
  const word = useWord();
  const { language } = useLanguage();
  const [policy, setPolicy] = useState<Policy>('NEXT_PERIOD');
  const [below, setBelow] = useState<'KEEP' | 'REVOKE'>('KEEP');
  const [asked, setAsked] = useState(false);
  const path = { group_id: id };
  const ask = useMutation({
    mutationFn: () => api.POST('/api/v1/targetGroups/{group_id}/draft/preview', { params: { path, query: { language } }, body: { policy, below } }),
    onSuccess: () => setAsked(true),
  });
  const preview = $api.useQuery(
    'get', '/api/v1/targetGroups/{group_id}/draft/preview', { params: { path, query: { language } } },
    { enabled: asked, staleTime: 0, refetchInterval: (query) => (query.state.data?.state === 'previewing' ? POLL_MS : false) },
  );
  return (
    <Card title={t('review.title')} action={<Button size="xs" variant="subtle" onClick={close}>{t('close')}</Button>}>
      <Stack gap="md">
        {!isKept && <Alert variant="default" color="yellow" icon={<IconAlertTriangle />}>{t('review.unsaved')}</Alert>}
        {isLive && (
          <div className="split even">
            <Radio.Group label={t('review.policy')} value={policy} onChange={(one) => setPolicy(one as Policy)}>
              <Stack gap={8} mt="xs">{POLICIES.map((one) => <Radio key={one} value={one} label={word('policy', one)} description={word('policyAbout', one)} />)}</Stack>
            </Radio.Group>
            <Radio.Group label={t('review.below')} value={below} onChange={(one) => setBelow(one as 'KEEP')}>
              <Stack gap={8} mt="xs">{(['KEEP', 'REVOKE'] as const).map((one) => <Radio key={one} value={one} label={word('below', one)} />)}</Stack>
            </Radio.Group>
          </div>
        )}
        <Button w="fit-content" variant={asked ? 'default' : 'filled'} leftSection={<IconUsers size={16} />} loading={ask.isPending || preview.data?.state === 'previewing'} onClick={() => ask.mutate()} disabled={!isKept}>
          {isLive ? t('review.preview') : t('review.check')}
        </Button>
        {ask.isError && <Problem error={ask.error} />}
        {preview.isError && <Problem error={preview.error} />}
        {asked && preview.data && !ask.isPending && <Effects preview={preview.data} isLive={isLive} />}
        {asked && preview.data && !ask.isPending && preview.data.state !== 'previewing' && <Publish id={id} preview={preview.data} isKept={isKept} refresh={() => void preview.refetch()} />}
      </Stack>
    </Card>
  );
}

function Effects({ preview, isLive }: { preview: Preview; isLive: boolean }) {
  const t = useText();
  return (
    <Stack gap="sm" aria-live="polite">
      <Group gap="xs"><Text fw={600} size="sm">{t('review.changes')}</Text><Status state={preview.state} /></Group>
      <ul className="sentence-list">{preview.changes.map((one) => <li key={one}>{one}</li>)}</ul>
      {isLive && (
        <div className="figures-row">
          <Figure label={t('review.gain')}>{preview.gain}</Figure>
          <Figure label={t('review.lose')}>{preview.lose}</Figure>
          <Figure label={t('review.unchanged')}>{preview.unchanged}</Figure>
        </div>
      )}
      {preview.sample.length > 0 && (
        <Stack gap={4}>
          {preview.sample.map((one) => (
            <Group key={one.customerId} gap={8}>
              <Link className="link" to={`/customers/${one.customerId}`}>#{one.customerId}</Link>
              {one.gains.map((gain) => <Badge key={gain} color="green">+ {gain}</Badge>)}
              {one.losses.map((loss) => <Badge key={loss} color="red">− {loss}</Badge>)}
            </Group>
          ))}
          <a className="link" href={`/api/v1/targetGroups/${preview.targetGroupId}/draft/preview/customers`} download>{t('review.download')}</a>
        </Stack>
      )}
    </Stack>
  );
}

function Publish({ id, preview, isKept, refresh }: { id: number; preview: Preview; isKept: boolean; refresh: () => void }) {
  const t = useText();
  const session = useSession();
  const organisation = useOrganisation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { language } = useLanguage();
  const [comment, setComment] = useState('');
  const params = { path: { group_id: id }, query: { language } };
  const publish = useMutation({
    mutationFn: () => api.POST('/api/v1/targetGroups/{group_id}/draft/publish', { params, body: { comment } }),
    onSuccess: async () => {
      notifications.show({ message: t('review.started') });
      await navigate({ to: `/groups/${id}` });
      await client.invalidateQueries();
    },
  });
  const decide = useMutation({
    mutationFn: (approved: boolean) => api.POST('/api/v1/targetGroups/{group_id}/draft/review', { params, body: { approved, comment } }),
    onSuccess: refresh,
  });
  const settings = organisation?.settings.settings as { approvals?: string } | undefined;
  const needsReview = (settings?.approvals === 'ON' || preview.policy === 'RECOMPUTE_ALL') && preview.state === 'previewed';
  const own = preview.askedBy === session.data?.login;
  return (
    <Stack gap="sm">
      <TextInput label={t('review.comment')} value={comment} onChange={(event) => setComment(event.currentTarget.value)} maw={520} />
      {needsReview && <Alert variant="default" icon={<IconUsers />}>{own ? t('review.needsOther') : t('review.needsYou', { by: preview.askedBy })}</Alert>}
      {(publish.isError || decide.isError) && <Problem error={publish.error ?? decide.error} />}
      <Group gap="xs">
        {needsReview && !own && (
          <>
            <Button onClick={() => decide.mutate(true)} loading={decide.isPending}>{t('review.approve')}</Button>
            <Button variant="default" onClick={() => decide.mutate(false)}>{t('review.reject')}</Button>
          </>
        )}
        <Button leftSection={<IconRocket size={16} />} onClick={() => publish.mutate()} loading={publish.isPending} disabled={!isKept || needsReview || preview.state === 'rejected'}>{t('review.start')}</Button>
      </Group>
    </Stack>
  );
}
