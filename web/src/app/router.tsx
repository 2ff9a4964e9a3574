import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, parseSearchWith, stringifySearchWith } from '@tanstack/react-router';
import { OverviewPage } from '../features/overview/OverviewPage';
import { SignInPage } from '../features/sign-in/SignInPage';
import { NotFound } from './NotFound';
import { Shell } from './Shell';

type Search = Record<string, string | undefined>;
const anySearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(Object.entries(search).map(([name, value]) => [name, value === undefined ? undefined : String(value)]));

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage, validateSearch: anySearch });
const welcome = createRoute({ getParentRoute: () => root, path: '/welcome', component: lazyRouteComponent(() => import('../features/sign-in/WelcomePage'), 'WelcomePage') });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const page = <Path extends string>(path: Path, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({ getParentRoute: () => shell, path, component, validateSearch: anySearch });

const routes = [
  page('/', OverviewPage),
  page('/groups', lazyRouteComponent(() => import('../features/groups/GroupsPage'), 'GroupsPage')),
  page('/groups/new', lazyRouteComponent(() => import('../features/editor/EditorPage'), 'NewGroupPage')),
  page('/groups/$groupId', lazyRouteComponent(() => import('../features/groups/GroupPage'), 'GroupPage')),
  page('/groups/$groupId/edit', lazyRouteComponent(() => import('../features/editor/EditorPage'), 'EditGroupPage')),
  page('/customers', lazyRouteComponent(() => import('../features/customers/CustomersPage'), 'CustomersPage')),
  page('/customers/$customerId', lazyRouteComponent(() => import('../features/customers/CustomerPage'), 'CustomerPage')),
  page('/customers/$customerId/targets/$targetId', lazyRouteComponent(() => import('../features/explain/ExplanationPage'), 'ExplanationPage')),
  page('/events', lazyRouteComponent(() => import('../features/events/EventsPage'), 'EventsPage')),
  page('/events/$source/$eventId', lazyRouteComponent(() => import('../features/events/EventPage'), 'EventPage')),
  page('/webhooks', lazyRouteComponent(() => import('../features/webhooks/WebhooksPage'), 'WebhooksPage')),
  page('/webhooks/$webhookId', lazyRouteComponent(() => import('../features/webhooks/WebhookPage'), 'WebhookPage')),
  page('/webhooks/$webhookId/deliveries/$deliveryId', lazyRouteComponent(() => import('../features/webhooks/DeliveryPage'), 'DeliveryPage')),
  page('/inspector', lazyRouteComponent(() => import('../features/webhooks/InspectorPage'), 'InspectorPage')),
  page('/requests', lazyRouteComponent(() => import('../features/requests/RequestsPage'), 'RequestsPage')),
  page('/people', lazyRouteComponent(() => import('../features/people/PeoplePage'), 'PeoplePage')),
];

export const router = createRouter({
  routeTree: root.addChildren([signIn, welcome, shell.addChildren(routes)]),
  basepath: '/console',
  defaultPreload: false,
  scrollRestoration: true,
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith(String),
});
