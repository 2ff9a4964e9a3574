import { Accordion, Badge, Group, Text } from '@mantine/core';
import { IconCheck, IconX } from '../../ui/icons';
import { Link } from '@tanstack/react-router';
import { $api } from '../../api/client';
import { useText, useWord } from '../../i18n/text';
import { Answered, Card, CopyText, Empty, Facts } from '../../ui/basics';
import { JsonView } from '../../ui/JsonView';
import { Page } from '../../ui/Page';
import { TimeText } from '../../ui/time';

/** The messages that arrived at the server's own receiver, as they come in. */
export function InspectorPage() {
  const t = useText();
  const word = useWord();
  const messages = $api.useQuery('get', '/api/v1/inspector', {}, { refetchInterval: 2_000 });
  return (
    <Page title={t('nav.inspector')} about={t('inspector.about')}>
      <Card flush>
        <Answered query={messages} height={320}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={t('inspector.empty')} action={<Link className="link" to="/webhooks">{t('nav.webhooks')}</Link>}>{t('inspector.emptyAbout')}</Empty>
            ) : (
              <Accordion chevronPosition="right">
                {items.map((one) => {
                  const message = one.message as { type?: string };
                  return (
                    <Accordion.Item key={one.messageId} value={one.messageId}>
                      <Accordion.Control>
                        <Group gap="sm">
                          <Text size="sm" fw={600}>{word('messageType', message.type ?? '')}</Text>
                          <Badge color={one.verified ? 'green' : 'red'} leftSection={one.verified ? <IconCheck size={13} aria-hidden /> : <IconX size={13} aria-hidden />}>
                            {one.verified ? t('inspector.verified') : t('inspector.wrong')}
                          </Badge>
                          <Text size="sm" c="dimmed" component="div"><TimeText at={one.at} precision="second" /></Text>
                        </Group>
                      </Accordion.Control>
                      <Accordion.Panel>
                        <Facts rows={[['fact.messageId', <CopyText value={one.messageId} key="id" />], ['fact.webhook', <Link className="link" to={`/webhooks/${one.webhookId}`} key="webhook">#{one.webhookId}</Link>]]} />
                        <div style={{ marginBlockStart: 10 }}><JsonView value={{ headers: one.headers, message: one.message }} label={t('delivery.message')} /></div>
                      </Accordion.Panel>
                    </Accordion.Item>
                  );
                })}
              </Accordion>
            )
          }
        </Answered>
      </Card>
    </Page>
  );
}
