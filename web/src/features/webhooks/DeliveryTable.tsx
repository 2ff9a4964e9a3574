import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client';
import { useText } from '../../i18n/text';
import { Status } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { TimeText } from '../../ui/time';

type Delivery = Schemas['DeliveryItem'];

/** Deliveries as rows: what, for whom, and how far. */
export function DeliveryTable({ webhookId, deliveries, caption }: { webhookId: number; deliveries: readonly Delivery[]; caption?: string }) {
  const t = useText();
  const link = (one: Delivery) => `/webhooks/${webhookId}/deliveries/${one.id}`;
  const columns: Column<Delivery>[] = [
    { key: 'type', title: t('deliveries.type'), sort: (one) => one.type, cell: (one) => <Link className="link" to={link(one)}>{one.type}</Link> },
    { key: 'state', title: t('groups.state'), sort: (one) => one.state, cell: (one) => <Status state={one.state} /> },
    {
      key: 'customer', title: t('deliveries.customer'),
      cell: (one) => one.customerId && <Link className="link" to={`/customers/${one.customerId}`}>#{one.customerId}</Link>,
    },
    { key: 'attempts', title: t('deliveries.attempts'), number: true, sort: (one) => one.attempts, cell: (one) => one.attempts },
    { key: 'created', title: t('deliveries.created'), wide: true, sort: (one) => one.createdAt, cell: (one) => <TimeText at={one.createdAt} precision="second" /> },
    { key: 'next', title: t('deliveries.next'), wide: true, cell: (one) => <TimeText at={one.nextAttemptAt ?? one.doneAt} precision="second" /> },
  ];
  return <DataTable rows={deliveries} columns={columns} rowKey={(one) => one.id} caption={caption ?? t('customer.deliveries')} rowLink={link} />;
}
