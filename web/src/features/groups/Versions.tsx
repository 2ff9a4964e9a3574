import { Button, Stack, Text, Timeline } from '@mantine/core';
import { useState } from 'react';
import { $api } from '../../api/client';
import { useLanguage } from '../../i18n/Language';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card } from '../../ui/basics';
import { JsonView } from '../../ui/JsonView';
import { TimeText } from '../../ui/time';

/** Who changed the group when, how and why, with what differs. */
export function Versions({ groupId }: { groupId: number }) {
  const t = useText();
  const word = useWord();
  const versions = $api.useQuery('get', '/api/v1/targetGroups/{group_id}/versions', { params: { path: { group_id: groupId } } });
  const [open, setOpen] = useState<number | null>(null);
  return (
    <Card>
      <Answered query={versions}>
        {({ items }) => (
          <Timeline bulletSize={14} lineWidth={2} active={items.length}>
            {items.map((one, place) => {
              const before = items[place + 1];
              return (
                <Timeline.Item key={one.version} title={<Text span fw={600} size="sm">{t('versions.version', { version: one.version })}</Text>}>
                  <Text size="sm" component="div"><TimeText at={one.changedAt} /> · {one.changedBy}</Text>
                  {one.policy && <Text size="sm">{word('policy', one.policy)}{one.comment && ` – “${one.comment}”`}</Text>}
                  {one.reviewedBy && <Text size="sm">{t('versions.reviewed', { by: one.reviewedBy })}</Text>}
                  {before ? (
                    <>
                      <Button size="compact-sm" variant="default" mt={4} onClick={() => setOpen(open === one.version ? null : one.version)} aria-expanded={open === one.version}>
                        {t('versions.differs')}
                      </Button>
                      {open === one.version && <Difference groupId={groupId} before={before.version} after={one.version} />}
                    </>
                  ) : (
                    <Text size="sm" c="dimmed">{t('versions.created')}</Text>
                  )}
                </Timeline.Item>
              );
            })}
          </Timeline>
        )}
      </Answered>
    </Card>
  );
}

function Difference({ groupId, before, after }: { groupId: number; before: number; after: number }) {
  const t = useText();
  const { language } = useLanguage();
  const query = $api.useQuery('get', '/api/v1/targetGroups/{group_id}/versions/{version}/diff/{other}', {
    params: { path: { group_id: groupId, version: String(before), other: String(after) }, query: { language } },
  });
  return (
    <Answered query={query} height={80}>
      {({ changes, patch }) => (
        <Stack gap="xs" mt="xs">
          <ul className="sentence-list">{changes.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
          <JsonView value={patch} label={t('versions.patch')} />
        </Stack>
      )}
    </Answered>
  );
}
