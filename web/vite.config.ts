import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The server serves the pages below /console and sends a nonce for the styles that Mantine writes.
export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../src/milepost/ui',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: Object.fromEntries(['/api', '/v2', '/v3', '/docs', '/openapi.json', '/readyz'].map((path) => [path, 'http://127.0.0.1:8700'])),
  },
});
