import {
  IconActivity, IconApi, IconBroadcast, IconHome, IconInbox, IconTarget, IconUsers, IconUsersGroup, type Icon,
} from '../ui/icons';
import { useText } from '../i18n/text';
import { useMay, type Scope } from './session';

export interface NavigationItem {
  title: string;
  to: string;
  icon: Icon;
}

export interface NavigationSection {
  title?: string;
  items: NavigationItem[];
}

/** The pages that whoever is signed in may see. */
export function useNavigation(): NavigationSection[] {
  const t = useText();
  const may = useMay();
  const item = (title: string, to: string, icon: Icon, scope?: Scope) => (!scope || may(scope) ? [{ title, to, icon }] : []);
  const sections: NavigationSection[] = [
    {
      items: [
        ...item(t('nav.overview'), '/', IconHome),
        ...item(t('nav.groups'), '/groups', IconTarget, 'definitions:read'),
        ...item(t('nav.customers'), '/customers', IconUsers, 'customers:read'),
      ],
    },
    {
      title: t('nav.build'),
      items: [
        ...item(t('nav.events'), '/events', IconActivity, 'events:read'),
        ...item(t('nav.webhooks'), '/webhooks', IconBroadcast, 'webhooks:read'),
        ...item(t('nav.inspector'), '/inspector', IconInbox, 'webhooks:read'),
        ...item(t('nav.requests'), '/requests', IconApi, 'requests:read'),
      ],
    },
    { title: t('nav.run'), items: item(t('nav.people'), '/people', IconUsersGroup, 'users:read') },
  ];
  return sections.filter((section) => section.items.length > 0);
}
