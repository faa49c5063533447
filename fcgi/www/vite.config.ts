/// <reference types="vitest/config" />
import { defineConfig } from 'vite';

declare const process: { env: Record<string, string | undefined> };

// `npm run dev` serves the page itself and hands /api to a running archon.
const archon = process.env['ARCHON'] ?? 'http://localhost:8080';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2021',
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
  server: {
    proxy: {
      '/api': { target: archon, ws: true },
      '/health': { target: archon },
    },
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'http://archon.test/' } },
    restoreMocks: true,
  },
});
