import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { useText } from '../../i18n/text';
import { Card } from '../../ui/basics';
import { Page } from '../../ui/Page';
import { eventLink } from '../customers/CustomerEvents';
import { RecentEvents } from './RecentEvents';

/** The latest events, and one by its source and id; all events of a customer are on the customer's page. */
export function EventsPage() {
  const t = useText();
  const navigate = useNavigate();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void navigate({ to: eventLink({ source: String(form.get('source')).trim(), id: String(form.get('id')).trim() }) });
  };
  return (
    <Page title={t('nav.events')} about={t('events.about')}>
      <RecentEvents />
      <Card title={t('events.find')}>
        <form onSubmit={submit}>
          <Stack gap="sm" maw={460}>
            <TextInput name="source" label={t('events.source')} placeholder="pos/mitte" required />
            <TextInput name="id" label={t('events.id')} placeholder="bill-88213" required />
            <Button type="submit" w="fit-content">{t('events.show')}</Button>
          </Stack>
        </form>
      </Card>
      <Card title={t('events.ofCustomer')}>
        <Text size="sm">{t('events.ofCustomerAbout')} <Anchor component={Link} to="/customers" size="sm" underline="always">{t('nav.customers')}</Anchor></Text>
      </Card>
    </Page>
  );
}
