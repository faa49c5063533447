/* healthService - is archon well, and which part of it is not. */
import { apiClient, type ApiClient, type RequestOptions } from './apiClient';
import type { Health } from './types';

export class HealthService {
  constructor(private readonly client: ApiClient = apiClient) {}

  /** An unhealthy server answers 503 with the same report. */
  get(options?: RequestOptions): Promise<Health> {
    return this.client.get('/health', { ...options, accept: [503] });
  }
}

export const healthService = new HealthService();
