import { ActionIcon, Anchor, Breadcrumbs, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconCode } from './icons';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { useShell } from '../app/shell-state';
import { useText } from '../i18n/text';

interface Props {
  title: string;
  crumbs?: { title: string; to: string }[];
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page: where it is, what it is called, what can be done, and the button of the API drawer. */
export function Page({ title, crumbs = [], about, actions, children }: Props) {
  const t = useText();
  const { openDrawer } = useShell();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Milepost`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }} maw={1360}>
      <Stack gap={4}>
        {crumbs.length > 0 && (
          <nav aria-label={t('breadcrumb')}>
            <Breadcrumbs separator="›" separatorMargin={6}>
              {crumbs.map((one) => (
                <Anchor component={Link} to={one.to} key={one.to} size="sm">{one.title}</Anchor>
              ))}
            </Breadcrumbs>
          </nav>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <div style={{ minWidth: 0, flex: '1 1 260px' }}>
            <Title order={1} ref={heading} tabIndex={-1} style={{ overflowWrap: 'anywhere' }}>{title}</Title>
            {about && <Text c="dimmed" size="sm" component="div">{about}</Text>}
          </div>
          <Group gap="xs">
            {actions}
            <Tooltip label={t('drawer.open')}>
              <ActionIcon variant="default" size={34} onClick={openDrawer} aria-label={t('drawer.open')}>
                <IconCode size={18} />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
