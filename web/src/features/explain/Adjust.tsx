import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, type Schemas } from '../../api/client';
import { useText, useWord } from '../../i18n/text';
import { Amount, Card, Problem } from '../../ui/basics';
import type { Explanation } from './trail';

type Adjusted = Schemas['AdjustmentItem'];
const REASON_MAX = 500;
const SOURCE = 'milepost/adjustments';

/** Whether an event is an adjustment that may be taken back. */
export function isAdjustment(source: string): boolean {
  return source === SOURCE;
}

/** Correct the value by an amount: first what that would do is shown, then it is done. */
export function Adjust({ explanation, close }: { explanation: Explanation; close: () => void }) {
  const t = useText();
  const [id] = useState(() => crypto.randomUUID());
  const request = async (form: FormData, dryRun: boolean) => {
    const { data } = await api.POST('/api/v1/customers/{customer_id}/adjustments', {
      params: { path: { customer_id: explanation.customerId } },
      body: {
        id,
        targetId: explanation.targetId,
        amount: String(form.get('amount')).trim().replace(',', '.'),
        reason: String(form.get('reason')).trim(),
        period: explanation.period.refCode,
        endedPeriod: hasEnded(explanation),
        dryRun,
      },
    });
    return data;
  };
  return (
    <TwoSteps title={t('adjust.title')} about={t('adjust.about')} done={t('adjust.done')} request={request} close={close}>
      <TextInput name="amount" label={t('adjust.amount')} description={t('adjust.amountAbout')} inputMode="decimal" pattern="-?[0-9]+([.,][0-9]{1,4})?" required w={220} />
    </TwoSteps>
  );
}

function hasEnded({ period, at }: Explanation): boolean {
  return period.endsAt !== null && Date.parse(period.endsAt) <= Date.parse(at);
}

/** Take an adjustment back by a second one, with a reason. */
export function TakeBack({ explanation, adjustmentId, close }: { explanation: Explanation; adjustmentId: string; close: () => void }) {
  const t = useText();
  const request = async (form: FormData, dryRun: boolean) => {
    const { data } = await api.POST('/api/v1/customers/{customer_id}/adjustments/{adjustment_id}/reversal', {
      params: { path: { customer_id: explanation.customerId, adjustment_id: adjustmentId } },
      body: { reason: String(form.get('reason')).trim(), endedPeriod: hasEnded(explanation), dryRun },
    });
    return data;
  };
  return <TwoSteps title={t('adjust.takeBack')} about={t('adjust.takeBackAbout', { id: adjustmentId })} done={t('adjust.takenBack')} request={request} close={close} />;
}

interface Steps {
  title: string;
  about: string;
  done: string;
  request: (form: FormData, dryRun: boolean) => Promise<Adjusted | undefined>;
  close: () => void;
  children?: React.ReactNode;
}

function TwoSteps({ title, about, done, request, close, children }: Steps) {
  const t = useText();
  const client = useQueryClient();
  const [shown, setShown] = useState<Adjusted>();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setError(null);
    setBusy(true);
    try {
      setShown(await request(form, !shown));
      if (shown) await client.invalidateQueries();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (shown && shown.status !== 'dryRun') {
    return (
      <Alert color="green" variant="default" role="status" title={done} withCloseButton closeButtonLabel={t('close')} onClose={close}>
        <Effect adjusted={shown} />
      </Alert>
    );
  }
  return (
    <Card title={title}>
      <form onSubmit={(event) => void submit(event)} onChange={() => setShown(undefined)}>
        <Stack gap="sm" maw={560}>
          <Text size="sm">{about}</Text>
          {children}
          <Textarea name="reason" label={t('adjust.reason')} description={t('adjust.reasonAbout')} required maxLength={REASON_MAX} autosize minRows={2} />
          {error !== null && <Problem error={error} />}
          <div aria-live="polite">{shown && <Effect adjusted={shown} />}</div>
          <Group gap="sm">
            <Button type="submit" loading={busy} variant={shown ? 'filled' : 'default'}>{shown ? t('adjust.apply') : t('adjust.preview')}</Button>
            <Button variant="default" onClick={close}>{t('cancel')}</Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function Effect({ adjusted }: { adjusted: Adjusted }) {
  const t = useText();
  const word = useWord();
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {t('adjust.from')} <Amount value={adjusted.before ?? 0} /> {t('adjust.to')} <Amount value={adjusted.after ?? 0} />
        {adjusted.goal > 0 && <> / <Amount value={adjusted.goal} /></>}
      </Text>
      {(adjusted.leadsTo ?? []).map((one, place) => <Text size="sm" key={place}>{word('outcome', one.type)}</Text>)}
    </Stack>
  );
}
