import { Loader, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, spotlight } from '@mantine/spotlight';
import { IconBolt, IconSearch, IconTarget, IconUser } from '../ui/icons';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { $api } from '../api/client';
import { useText } from '../i18n/text';
import { findCustomers, recentCustomers } from './find';
import { useNavigation } from './navigation';
import { useMay } from './session';

const SHOWN_MAX = 6;

/** Ctrl K: customers by any identifier, target groups, pages and actions. */
export function Palette() {
  const t = useText();
  const may = useMay();
  const navigate = useNavigate();
  const sections = useNavigation();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const mayCustomers = may('customers:read');
  const customers = useQuery({
    queryKey: ['find', asked],
    queryFn: () => findCustomers(asked),
    enabled: mayCustomers && asked.length >= 2,
  });
  const groups = $api.useQuery('get', '/api/v1/targetGroups/rules', {}, { enabled: may('definitions:read') });
  const holds = (text: string) => text.toLowerCase().includes(typed.trim().toLowerCase());
  const go = (to: string) => () => void navigate({ to });
  const found = typed.trim().length >= 2 ? (customers.data ?? []) : mayCustomers ? recentCustomers() : [];
  const shownGroups = (groups.data?.items ?? []).filter((one) => holds(one.name)).slice(0, SHOWN_MAX);
  const pages = sections.flatMap((section) => section.items).filter((one) => holds(one.title));
  const actions = may('definitions:write') && holds(t('groups.new')) ? [{ title: t('groups.new'), to: '/groups/new' }] : [];
  const nothing = found.length + shownGroups.length + pages.length + actions.length === 0;
  return (
    <Spotlight.Root query={typed} onQueryChange={setTyped} shortcut={['mod + K', '/']} scrollable maxHeight={420}>
      <Spotlight.Search
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.placeholder')}
        onKeyDown={chooseFirst}
        leftSection={customers.isFetching ? <Loader size={18} /> : <IconSearch size={20} />}
      />
      <Spotlight.ActionsList aria-label={t('palette.results')} data-palette-results>
        <Section label={t('palette.customers')}>
          {found.map((one) => (
            <Spotlight.Action
              key={`customer-${one.id}`}
              label={one.name}
              description={one.details || undefined}
              leftSection={<IconUser size={18} />}
              onClick={go(`/customers/${one.id}`)}
            />
          ))}
        </Section>
        <Section label={t('nav.groups')}>
          {shownGroups.map((one) => (
            <Spotlight.Action
              key={`group-${one.targetGroupId}`}
              label={one.name}
              description={one.targets[0]?.sentence}
              leftSection={<IconTarget size={18} />}
              onClick={go(one.live ? `/groups/${one.targetGroupId}` : `/groups/${one.targetGroupId}/edit`)}
            />
          ))}
        </Section>
        <Section label={t('palette.actions')}>
          {[...actions, ...pages].map((one) => (
            <Spotlight.Action key={one.to} label={one.title} leftSection={<IconBolt size={18} />} onClick={go(one.to)} />
          ))}
        </Section>
        {nothing && (
          <Spotlight.Empty>
            <Text size="sm">{customers.isFetching ? t('palette.searching') : t('palette.nothing')}</Text>
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

/** Enter takes the first result where none was chosen by an arrow. */
function chooseFirst(event: KeyboardEvent<HTMLInputElement>) {
  const list = document.querySelector('[data-palette-results]');
  if (event.key === 'Enter' && !list?.querySelector('[data-selected]')) list?.querySelector<HTMLElement>('[data-action]')?.click();
}

function Section({ label, children }: { label: string; children: ReactNode[] }) {
  return children.length > 0 ? <Spotlight.ActionsGroup label={label}>{children}</Spotlight.ActionsGroup> : null;
}

export const openPalette = spotlight.open;
