# The whole house from outside, through the nginx that ships.
check_PROGRAMS += t/badsite
t_badsite_SOURCES = %D%/badsite.c
check_PROGRAMS += t/who/reach
t_who_reach_SOURCES = %D%/who/reach.c

blackbox_scripts = \
	%D%/1010-routes.t \
	%D%/1020-description.t \
	%D%/1030-metrics.t \
	%D%/1040-request-ids.t \
	%D%/1100-bad-input.t \
	%D%/1110-bad-requests.t \
	%D%/1120-headers.t \
	%D%/1130-files.t \
	%D%/1200-crawl-errors.t \
	%D%/1300-items.t \
	%D%/1310-old-clients.t \
	%D%/1400-access.t \
	%D%/1410-open-streams.t \
	%D%/1420-limits.t \
	%D%/2000-websocket.t \
	%D%/2100-follow.t \
	%D%/2200-logs.t \
	%D%/2300-seed.t \
	%D%/2400-refresh.t \
	%D%/2410-steer.t \
	%D%/2420-hostile.t \
	%D%/2430-rebinding.t \
	%D%/2440-secure.t \
	%D%/2450-upload.t \
	%D%/2452-upload-memory.t \
	%D%/2460-upload-kill.t \
	%D%/2470-turns.t \
	%D%/2480-starts.t \
	%D%/2490-who.t \
	%D%/2500-meaning.t \
	%D%/2600-mcp.t \
	%D%/3000-kill.t \
	%D%/3100-bad-days.t \
	%D%/4000-conf.t \
	%D%/4100-run.t \
	%D%/4210-ctl-store.t \
	%D%/4220-care.t \
	%D%/4230-top.t \
	%D%/4240-log-level.t \
	%D%/4250-doctor.t \
	%D%/4260-many-clients.t \
	%D%/4270-core.t \
	%D%/5000-page.t \
	%D%/5010-page-items.t \
	%D%/5020-page-access.t
TESTS += $(blackbox_scripts)
EXTRA_DIST += $(blackbox_scripts) %D%/house.sh %D%/browser %D%/kill.sh %D%/mcp/client %D%/mcp/sdk.mjs %D%/ws/client %D%/api/contract.py %D%/api/walk %D%/hostile %D%/stress/kill %D%/stress/kill-docs
EXTRA_DIST += %D%/api/bad %D%/api/exposition %D%/api/old
EXTRA_DIST += %D%/who/cells %D%/who/compare
EXTRA_DIST += %D%/embedding
EXTRA_DIST += %D%/terminal %D%/upload.sh %D%/documents
EXTRA_DIST += %D%/host %D%/inward %D%/starts
