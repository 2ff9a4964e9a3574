import { Alert, Button, Group, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import { IconKey } from '../../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { $api, api, type Schemas } from '../../api/client';
import { useText } from '../../i18n/text';
import { Card, CopyText, Problem } from '../../ui/basics';

/** Add a receiver; its secret is shown once. */
export function AddWebhook({ close }: { close: () => void }) {
  const t = useText();
  const client = useQueryClient();
  const types = $api.useQuery('get', '/api/v1/webhooks/types');
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [added, setAdded] = useState<Schemas['AddedWebhookItem'] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const body = { url, description, ...(chosen.length > 0 ? { types: chosen } : {}) };
      const { data } = await api.POST('/api/v1/webhooks', { body });
      setAdded(data ?? null);
      await client.invalidateQueries({ queryKey: ['get', '/api/v1/webhooks'] });
    } catch (problem) {
      setError(problem);
    }
  };
  const toInspector = () => {
    setUrl(`${window.location.origin}/api/v1/inspector/console-${Date.now().toString(36)}`);
    setDescription(t('webhooks.inspectorName'));
  };
  if (added) {
    return (
      <Alert variant="default" icon={<IconKey />} title={t('webhooks.secretTitle')} role="status">
        <Stack gap="xs" align="flex-start">
          <Text size="sm">{t('webhooks.secretAbout')}</Text>
          <CopyText value={added.secret} />
          <Group gap="xs">
            <Button size="xs" component={Link} to={`/webhooks/${added.id}`}>{t('webhooks.openAdded')}</Button>
            <Button size="xs" variant="default" onClick={close}>{t('close')}</Button>
          </Group>
        </Stack>
      </Alert>
    );
  }
  return (
    <Card title={t('webhooks.add')}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm" maw={620}>
          <TextInput type="url" label={t('webhooks.url')} placeholder="https://crm.example/hooks" required value={url} onChange={(event) => setUrl(event.currentTarget.value)} />
          <TextInput label={t('webhooks.description')} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
          <MultiSelect
            label={t('webhooks.types')}
            description={t('webhooks.typesAbout')}
            data={(types.data?.items ?? []).map((one) => one.type)}
            value={chosen}
            onChange={setChosen}
            searchable
          />
          {error !== null && <Problem error={error} />}
          <Group gap="xs">
            <Button type="submit">{t('webhooks.add')}</Button>
            <Button variant="default" onClick={toInspector}>{t('webhooks.useInspector')}</Button>
            <Button variant="subtle" onClick={close}>{t('cancel')}</Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
