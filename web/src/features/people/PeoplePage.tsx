import { Alert, Badge, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconKey, IconPlus } from '../../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { $api, api, type Schemas } from '../../api/client';
import { useMay } from '../../app/session';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, CopyText, Problem, Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';

type Person = Schemas['UserItem'];
type Role = Schemas['UserRole'];
const ROLES: Role[] = ['OWNER', 'ADMIN', 'MARKETER', 'APPROVER', 'SUPPORT', 'DEVELOPER', 'ANALYST'];

interface Shown {
  email: string;
  link: string;
  expiresAt: string;
}

/** Who may sign in, in which role. */
export function PeoplePage() {
  const t = useText();
  const may = useMay();
  const client = useQueryClient();
  const people = $api.useQuery('get', '/api/v1/users');
  const [link, setLink] = useState<Shown | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [adding, setAdding] = useState(false);
  const attempt = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
      await client.invalidateQueries({ queryKey: ['get', '/api/v1/users'] });
    } catch (problem) {
      setError(problem);
    }
  };
  const add = may('users:write') && <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>{t('people.add')}</Button>;
  return (
    <Page title={t('nav.people')} about={t('people.about')} actions={add}>
      {link && <LinkShown shown={link} />}
      {error !== null && <Problem error={error} />}
      {adding && <AddPerson close={() => setAdding(false)} attempt={attempt} show={setLink} />}
      <Card flush>
        <Answered query={people}>{({ items }) => <People people={items} attempt={attempt} show={setLink} />}</Answered>
      </Card>
      <Text size="sm" c="dimmed">{t('people.keys')}</Text>
    </Page>
  );
}

type Attempt = (work: () => Promise<void>) => Promise<void>;

function People({ people, attempt, show }: { people: readonly Person[]; attempt: Attempt; show: (link: Shown) => void }) {
  const t = useText();
  const word = useWord();
  const may = useMay();
  const change = (person: Person, body: Schemas['UserChangeBody']) =>
    attempt(async () => {
      await api.PATCH('/api/v1/users/{person_id}', { params: { path: { person_id: person.id } }, body });
    });
  const renew = (person: Person) =>
    attempt(async () => {
      const { data } = await api.POST('/api/v1/users/{person_id}/link', { params: { path: { person_id: person.id } }, body: {} });
      if (data) show({ email: person.email, ...data });
    });
  const columns: Column<Person>[] = [
    { key: 'name', title: t('people.name'), sort: (one) => one.name, cell: (one) => <Stack gap={0}><b>{one.name}</b><Text size="sm" c="dimmed">{one.email}</Text></Stack> },
    {
      key: 'role', title: t('people.role'), sort: (one) => one.role,
      cell: (one) =>
        may('users:write') ? (
          <Select aria-label={t('people.roleOf', { name: one.name })} data={ROLES.map((role) => ({ value: role, label: word('role', role) }))} value={one.role} onChange={(role) => role && void change(one, { role: role as Role })} allowDeselect={false} w={170} />
        ) : (
          word('role', one.role)
        ),
    },
    { key: 'state', title: t('groups.state'), cell: (one) => <Group gap={6}><Status state={one.disabled ? 'DISABLED' : 'ACTIVE'} />{!one.hasPassword && <Badge color="blue">{t('people.noPassword')}</Badge>}</Group> },
    { key: 'created', title: t('people.created'), wide: true, cell: (one) => <TimeText at={one.createdAt} precision="day" /> },
    {
      key: 'actions', title: t('people.actions'),
      cell: (one) => may('users:write') && (
        <Group gap={6}>
          <Button size="xs" variant="default" onClick={() => void renew(one)}>{t('people.link')}<span className="visually-hidden"> {one.name}</span></Button>
          <Button size="xs" variant="default" onClick={() => void change(one, { disabled: !one.disabled })}>{one.disabled ? t('people.enable') : t('people.disable')}<span className="visually-hidden"> {one.name}</span></Button>
        </Group>
      ),
    },
  ];
  return <DataTable rows={people} columns={columns} rowKey={(one) => one.id} caption={t('nav.people')} />;
}

function AddPerson({ close, attempt, show }: { close: () => void; attempt: Attempt; show: (link: Shown) => void }) {
  const t = useText();
  const word = useWord();
  const [role, setRole] = useState<Role>('SUPPORT');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get('email'));
    void attempt(async () => {
      const { data } = await api.POST('/api/v1/users', { body: { email, name: String(form.get('name')), role } });
      if (data) show({ email, ...data.link });
      close();
    });
  };
  return (
    <Card title={t('people.add')}>
      <form onSubmit={submit}>
        <Group gap="sm" align="flex-end">
          <TextInput name="name" label={t('people.name')} required />
          <TextInput name="email" type="email" label={t('signIn.email')} required />
          <Select label={t('people.role')} data={ROLES.map((one) => ({ value: one, label: word('role', one) }))} value={role} onChange={(one) => one && setRole(one as Role)} allowDeselect={false} />
          <Button type="submit">{t('people.add')}</Button>
          <Button variant="subtle" onClick={close}>{t('cancel')}</Button>
        </Group>
        <Text size="sm" c="dimmed" mt="xs">{word('roleAbout', role)}</Text>
      </form>
    </Card>
  );
}

function LinkShown({ shown }: { shown: Shown }) {
  const t = useText();
  const address = `${window.location.origin}/console/welcome#${new URLSearchParams({ link: shown.link, email: shown.email }).toString()}`;
  return (
    <Alert variant="default" icon={<IconKey />} title={t('people.linkTitle', { email: shown.email })} role="status">
      <Text size="sm" component="div">{t('people.linkAbout')} <TimeText at={shown.expiresAt} />.</Text>
      <CopyText value={address} />
    </Alert>
  );
}
