import { Button, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '../../ui/icons';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { findCustomers, recentCustomers, type FoundCustomer } from '../../app/find';
import { useText } from '../../i18n/text';
import { Answered, Card, Empty } from '../../ui/basics';
import { Page } from '../../ui/Page';

/** Find a customer by any identifier. */
export function CustomersPage() {
  const t = useText();
  const navigate = useNavigate();
  const { q = '' } = useSearch({ strict: false }) as { q?: string };
  const [typed, setTyped] = useState(q);
  const found = useQuery({ queryKey: ['find', q], queryFn: () => findCustomers(q), enabled: q.length > 0 });
  const recent = recentCustomers();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ to: '/customers', search: { q: typed.trim() || undefined } });
  };
  return (
    <Page title={t('nav.customers')} about={t('customers.about')}>
      <form onSubmit={submit} role="search">
        <div style={{ display: 'flex', gap: 8, maxWidth: 560 }}>
          <TextInput
            flex={1}
            size="md"
            aria-label={t('customers.search')}
            placeholder={t('customers.placeholder')}
            leftSection={<IconSearch size={18} />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button size="md" type="submit">{t('customers.find')}</Button>
        </div>
      </form>
      {q ? (
        <Card title={t('customers.found')} flush>
          <Answered query={found}>
            {(customers) => (customers.length > 0 ? <List customers={customers} /> : <Empty title={t('customers.none', { text: q })}>{t('customers.noneAbout')}</Empty>)}
          </Answered>
        </Card>
      ) : (
        <Card title={t('customers.recent')} flush>
          {recent.length > 0 ? <List customers={recent} /> : <Empty title={t('customers.noRecent')}>{t('customers.noRecentAbout')}</Empty>}
        </Card>
      )}
    </Page>
  );
}

function List({ customers }: { customers: FoundCustomer[] }) {
  return (
    <Stack gap={0}>
      {customers.map((one) => (
        <div key={one.id} style={{ padding: '10px 16px', borderBlockEnd: '1px solid var(--card-border)' }}>
          <Link className="link" to={`/customers/${one.id}`}>{one.name}</Link>
          <Text size="sm" c="dimmed">{one.details || `#${one.id}`}</Text>
        </div>
      ))}
    </Stack>
  );
}
