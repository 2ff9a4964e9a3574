import { Anchor, Badge, Code, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { callOf, curlOf, useWrites, type ApiCall } from '../api/writes';
import { useText } from '../i18n/text';
import { CopyAction, DRAWER_ATTRIBUTES } from '../ui/basics';

/** The requests behind the page, each to be copied for a terminal. */
export function ApiDrawer({ opened, close }: { opened: boolean; close: () => void }) {
  const t = useText();
  const client = useQueryClient();
  const writes = useWrites();
  const reads = client
    .getQueryCache()
    .getAll()
    .filter((query) => query.isActive())
    .map((query) => callOf(query.queryKey))
    .filter((call): call is ApiCall => call !== null);
  const unique = [...new Map(reads.map((call) => [call.path, call])).values()];
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size="lg"
      title={t('drawer.title')}
      attributes={DRAWER_ATTRIBUTES}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Stack gap="md">
        <Text size="sm">
          {t('drawer.about')} <Anchor href="/docs" size="sm" underline="always">{t('drawer.document')}</Anchor>
        </Text>
        <Code block>export TILL=shop-1:PASSWORD</Code>
        <Calls title={t('drawer.reads')} calls={unique} />
        {writes.length > 0 && <Calls title={t('drawer.writes')} calls={writes} />}
      </Stack>
    </Drawer>
  );
}

function Calls({ title, calls }: { title: string; calls: readonly ApiCall[] }) {
  const t = useText();
  return (
    <Stack gap="sm">
      <Title order={3}>{title}</Title>
      {calls.map((call, place) => {
        const curl = curlOf(call, window.location.origin);
        return (
          <div key={place} className="card" style={{ padding: 10 }}>
            <Group justify="space-between" wrap="nowrap" mb={6}>
              <Badge color={call.method === 'GET' ? 'blue' : 'orange'}>{call.method}</Badge>
              <CopyAction text={curl}>{t('drawer.copy')}</CopyAction>
            </Group>
            <pre className="json" tabIndex={0} style={{ maxHeight: 180 }}>{curl}</pre>
          </div>
        );
      })}
    </Stack>
  );
}
