# Concurrency claims: each with its broken variants, which the same run must find.
stress_programs = \
	t/stress/stress_ring \
	t/stress/stress_ring_head \
	t/stress/stress_ring_lock \
	t/stress/stress_row \
	t/stress/stress_row_writer \
	t/stress/stress_row_reader \
	t/stress/stress_wake \
	t/stress/stress_wake_late \
	t/stress/stress_wake_order \
	t/stress/stress_store \
	t/stress/stress_store_steps \
	t/stress/stress_store_index \
	t/stress/stress_relay \
	t/stress/stress_return \
	t/stress/stress_churn \
	t/stress/broken_relay \
	t/stress/stress_fcgi \
	t/stress/broken_fcgi
check_PROGRAMS += $(stress_programs)
EXTRA_DIST += %D%/run

t_stress_stress_ring_SOURCES = %D%/stress_ring.c
t_stress_stress_ring_LDADD = $(shared_libs)
t_stress_stress_ring_head_SOURCES = %D%/stress_ring.c
t_stress_stress_ring_head_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_HEAD
t_stress_stress_ring_head_LDADD = $(shared_libs)
t_stress_stress_ring_lock_SOURCES = %D%/stress_ring.c
t_stress_stress_ring_lock_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_LOCK
t_stress_stress_ring_lock_LDADD = $(shared_libs)
t_stress_stress_row_SOURCES = %D%/stress_row.c
t_stress_stress_row_LDADD = $(shared_libs)
t_stress_stress_row_writer_SOURCES = %D%/stress_row.c
t_stress_stress_row_writer_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_WRITER
t_stress_stress_row_writer_LDADD = $(shared_libs)
t_stress_stress_row_reader_SOURCES = %D%/stress_row.c
t_stress_stress_row_reader_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_READER
t_stress_stress_row_reader_LDADD = $(shared_libs)
t_stress_stress_wake_SOURCES = %D%/stress_wake.c
t_stress_stress_wake_LDADD = $(shared_libs)
t_stress_stress_wake_late_SOURCES = %D%/stress_wake.c
t_stress_stress_wake_late_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_LATE
t_stress_stress_wake_late_LDADD = $(shared_libs)
t_stress_stress_wake_order_SOURCES = %D%/stress_wake.c
t_stress_stress_wake_order_CPPFLAGS = $(AM_CPPFLAGS) -DBROKEN_ORDER
t_stress_stress_wake_order_LDADD = $(shared_libs)
t_stress_stress_store_SOURCES = %D%/stress_store.c
t_stress_stress_store_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
t_stress_stress_store_LDADD = $(shared_libs)
t_stress_stress_store_steps_SOURCES = %D%/stress_store.c
t_stress_stress_store_steps_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) -DBROKEN_STEPS
t_stress_stress_store_steps_LDADD = $(shared_libs)
t_stress_stress_store_index_SOURCES = %D%/stress_store.c
t_stress_stress_store_index_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) -DBROKEN_INDEX
t_stress_stress_store_index_LDADD = $(shared_libs)
swarm = %D%/swarm.c %D%/swarm.h
t_stress_stress_relay_SOURCES = %D%/stress_relay.c $(swarm)
t_stress_stress_relay_LDADD = $(shared_libs)
t_stress_stress_return_SOURCES = %D%/stress_return.c $(swarm)
t_stress_stress_return_LDADD = $(shared_libs)
t_stress_stress_churn_SOURCES = %D%/stress_churn.c $(swarm)
t_stress_stress_churn_LDADD = $(shared_libs)
t_stress_broken_relay_SOURCES = fcgi/relay/relay_main.c %D%/broken_relay.c
t_stress_broken_relay_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=tape_add,--wrap=tape_seq,--wrap=handover_write
t_stress_broken_relay_LDADD = $(relay_libs) $(shared_libs)
stress_fcgi = %D%/stress_fcgi.c t/unit/fcgi_client.c t/unit/fcgi_client.h
t_stress_stress_fcgi_SOURCES = $(stress_fcgi)
t_stress_stress_fcgi_CPPFLAGS = $(unit_cppflags) $(FCGI_CFLAGS)
t_stress_stress_fcgi_LDADD = $(unit_libs) $(FCGI_LIBS)
t_stress_broken_fcgi_SOURCES = $(stress_fcgi) %D%/broken_fcgi.c
t_stress_broken_fcgi_CPPFLAGS = $(unit_cppflags) $(FCGI_CFLAGS)
t_stress_broken_fcgi_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=epoll_wait
t_stress_broken_fcgi_LDADD = $(unit_libs) $(FCGI_LIBS)
