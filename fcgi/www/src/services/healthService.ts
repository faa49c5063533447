/* healthService - is archon well, which part of it is not, and how much it holds. */
import { apiClient, type ApiClient, type RequestOptions } from './apiClient';
import type { Health, Metrics } from './types';

export class HealthService {
  constructor(private readonly client: ApiClient = apiClient) {}

  /** An unhealthy server answers 503 with the same report. */
  get(options?: RequestOptions): Promise<Health> {
    return this.client.get('/health', { ...options, accept: [503] });
  }

  metrics(options?: RequestOptions): Promise<Metrics> {
    return this.client.get('/api/database/metrics', options);
  }
}

export const healthService = new HealthService();
