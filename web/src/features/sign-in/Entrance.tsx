import { Group, Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import mark from '../../assets/milepost.svg';

/** The frame of the pages before somebody is signed in. */
export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Milepost`;
  }, [title]);
  return (
    <main style={{ minHeight: '100vh', display: 'grid', placeItems: 'center', padding: 16 }}>
      <div className="card" style={{ width: '100%', maxWidth: 400, padding: 28 }}>
        <Group gap="sm" mb="md">
          <img src={mark} width={34} height={34} alt="" />
          <Title order={1}>{title}</Title>
        </Group>
        {children}
      </div>
    </main>
  );
}
