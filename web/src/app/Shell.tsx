import { ActionIcon, AppShell, Burger, Button, Group, Kbd, Loader, Menu, Text, Tooltip, useMantineColorScheme, useComputedColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBuildingStore, IconClock, IconLogout, IconMoon, IconSearch, IconSun, IconUser } from '../ui/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { api, ApiError } from '../api/client';
import mark from '../assets/milepost.svg';
import { LANGUAGES, useLanguage, type LanguageCode } from '../i18n/Language';
import { useText, useWord } from '../i18n/text';
import { Problem } from '../ui/basics';
import { TimeText } from '../ui/time';
import { ApiDrawer } from './ApiDrawer';
import { forgetCustomers } from './find';
import { useNavigation } from './navigation';
import { openPalette, Palette } from './Palette';
import { SandboxClock } from './SandboxClock';
import { useOrganisation, useSession } from './session';
import { ShellContext } from './shell-state';

/** The frame of all pages, for whoever is signed in. */
export function Shell() {
  const session = useSession();
  const router = useRouter();
  const unknown = session.error instanceof ApiError && session.error.status === 401;
  useEffect(() => {
    // Read here and not followed: the location changes by this very step.
    if (unknown) void router.navigate({ to: '/sign-in', search: { next: router.state.location.href } as never });
  }, [unknown, router]);
  if (session.isPending || unknown) return <Group justify="center" p="xl"><Loader aria-label="Milepost" /></Group>;
  if (session.isError) return <Problem error={session.error} retry={() => void session.refetch()} />;
  return <Frame />;
}

function Frame() {
  const t = useText();
  const [menu, { toggle, close }] = useDisclosure();
  const [drawer, drawerState] = useDisclosure();
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  return (
    <ShellContext.Provider value={{ openDrawer: drawerState.open }}>
      <a className="skip-link" href="#page">{t('skip')}</a>
      <AppShell header={{ height: 56 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !menu } }} padding={0}>
        <AppShell.Header className="shell-header">
          <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('menu')} aria-expanded={menu} />
          <Link to="/" className="shell-brand">
            <img src={mark} width={26} height={26} alt="" /> <span className="wide-only">Milepost</span>
          </Link>
          <OrganisationMenu />
          <OrganisationClock />
          <span className="shell-spring" />
          <Button variant="default" onClick={openPalette} leftSection={<IconSearch size={16} />} rightSection={<Kbd size="xs" className="wide-only">Ctrl K</Kbd>} visibleFrom="sm">
            {t('palette.open')}
          </Button>
          <ActionIcon variant="default" size={34} onClick={openPalette} aria-label={t('palette.open')} hiddenFrom="sm">
            <IconSearch size={18} />
          </ActionIcon>
          <SchemeSwitch />
          <PersonMenu />
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label={t('menu')}>
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main id="page">
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Palette />
      <ApiDrawer opened={drawer} close={drawerState.close} />
    </ShellContext.Provider>
  );
}

function Navigation() {
  return useNavigation().map((section, place) => (
    <div key={section.title ?? place}>
      {section.title && <div className="nav-section">{section.title}</div>}
      {section.items.map(({ title, to, icon: Icon }) => (
        <Link key={to} to={to} className="nav-link" activeOptions={{ exact: to === '/' }}>
          <Icon size={18} aria-hidden /> {title}
        </Link>
      ))}
    </div>
  ));
}

function OrganisationMenu() {
  const t = useText();
  const organisation = useOrganisation();
  const leave = useLeave();
  if (!organisation) return null;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconBuildingStore size={16} />} aria-label={t('organisation.menu', { name: organisation.name })}>
          <Text truncate maw={{ base: 110, sm: 220 }} size="sm" fw={600}>{organisation.name}</Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('organisation.about', { id: organisation.id, zone: organisation.zone })}</Menu.Label>
        <Menu.Item onClick={() => void leave()}>{t('organisation.other')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const DRIFT_MS = 10 * 60_000;

/** The clock of a sandbox, which can be moved, or that of the server. */
function OrganisationClock() {
  const organisation = useOrganisation();
  return organisation?.sandbox ? <SandboxClock name={organisation.name} /> : <ServerClock />;
}

/** The server's clock, where somebody set it: in a demo or a test the time of the figures is not that of the viewer. */
function ServerClock() {
  const t = useText();
  const organisation = useOrganisation();
  if (!organisation || Math.abs(new Date(organisation.now).getTime() - Date.now()) < DRIFT_MS) return null;
  return (
    <Tooltip label={t('clock.about', { zone: organisation.zone })}>
      <Group gap={6} wrap="nowrap" visibleFrom="md">
        <IconClock size={16} aria-label={t('clock')} />
        <Text size="sm"><TimeText at={organisation.now} /></Text>
      </Group>
    </Tooltip>
  );
}

function SchemeSwitch() {
  const t = useText();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon variant="default" size={34} onClick={() => setColorScheme(dark ? 'light' : 'dark')} aria-label={dark ? t('scheme.light') : t('scheme.dark')}>
      {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}

function PersonMenu() {
  const t = useText();
  const word = useWord();
  const { data } = useSession();
  const { language, choose } = useLanguage();
  const leave = useLeave();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="default" size={34} aria-label={t('person.menu')}><IconUser size={18} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{data?.name} · {word('role', data?.role ?? '')}</Menu.Label>
        {(Object.keys(LANGUAGES) as LanguageCode[]).map((code) => (
          <Menu.Item key={code} onClick={() => choose(code)} rightSection={language === code ? '✓' : null} lang={code}>
            {LANGUAGES[code]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>{t('signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** End the session and show the page to sign in; nothing of the organisation stays in the browser. */
function useLeave(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await api.DELETE('/api/v1/session', {}).catch(() => undefined);
    forgetCustomers();
    await navigate({ to: '/sign-in', search: {} });
    client.clear();
  };
}
