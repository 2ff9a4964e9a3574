import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useText } from '../i18n/text';
import { Empty } from '../ui/basics';

export function NotFound() {
  const t = useText();
  return (
    <Empty title={t('notFound.title')} action={<Button component={Link} to="/" mt="sm">{t('nav.overview')}</Button>}>
      {t('notFound.about')}
    </Empty>
  );
}
