/*
 * knowledgeItemsService - what has been crawled: the list of sources, and search
 * in them.
 */
import { apiClient, queryString, type ApiClient, type RequestOptions } from './apiClient';
import type { KnowledgeItemsPage, KnowledgeItemsQuery, SearchReply, SearchRequest } from './types';

export class KnowledgeItemsService {
  constructor(private readonly client: ApiClient = apiClient) {}

  /** One page of the sources, newest first. */
  list(query: KnowledgeItemsQuery = {}, options?: RequestOptions): Promise<KnowledgeItemsPage> {
    return this.client.get(`/api/knowledge-items${queryString({ ...query })}`, options);
  }

  /** The chunks that answer the query best, best first. */
  search(request: SearchRequest, options?: RequestOptions): Promise<SearchReply> {
    return this.client.post('/api/rag/query', request, options);
  }
}

export const knowledgeItemsService = new KnowledgeItemsService();
