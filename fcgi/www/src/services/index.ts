/* All the services, for those who bring their own page. */
export * from './types';
export { ApiClient, ApiError, apiClient, type RequestOptions } from './apiClient';
export { CrawlProgressService, crawlProgressService, type ConnectionState, type StreamProgressOptions } from './crawlProgressService';
export { HealthService, healthService } from './healthService';
export { KnowledgeItemsService, knowledgeItemsService, type StreamItemsOptions, type UploadProgress } from './knowledgeItemsService';
export { McpLogService, mcpLogService, type StreamLogsOptions } from './mcpLogService';
export { SessionService, sessionService, type SessionState } from './sessionService';
export { newProgressId } from './progressId';
export { CrawlBoard, type TrackedCrawl } from './crawlBoard';
export { Removals, removals } from './removals';
