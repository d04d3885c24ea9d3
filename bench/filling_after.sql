-- What follows from the syncs: days, strips, the health columns, some requests.
INSERT INTO syncs_merchantday (merchant_id, day, outcome, sync_id, covered_by_id, covered_empty)
SELECT sync.merchant_id, (coalesce(window_start, started_at - interval '1 day') AT TIME ZONE zone)::date,
    CASE WHEN sync.code IN (4040, 4220, 4260) THEN 'disconnected' ELSE outcome END, sync.id,
    CASE WHEN outcome IN ('synced', 'empty') THEN sync.id END, outcome = 'empty'
FROM syncs_sync AS sync JOIN bench_shop ON number = merchant_id
WHERE started_at > now() - interval '31 days'
ON CONFLICT DO NOTHING;

UPDATE syncs_merchant AS merchant SET
    last_days = strip.letters, last_days_end = strip.newest, failed_days = quiet,
    failing_since = CASE WHEN quiet > 0 THEN strip.newest - quiet + 1 END,
    began_to_fail_at = CASE WHEN newest.outcome = 'failed' THEN bad.since END,
    switches_off_on = CASE WHEN quiet > 0 THEN strip.newest - quiet + 32 END,
    switches_off_at = CASE WHEN quiet > 0 THEN (strip.newest - quiet + 32)::timestamp AT TIME ZONE zone END,
    last_code = CASE WHEN quiet = 0 THEN coalesce(cause.code, newest.code) ELSE cause.code END,
    last_cause_id = CASE WHEN newest.outcome = 'failed' THEN newest.cause_id END,
    last_message = CASE WHEN newest.outcome = 'failed' THEN newest.message ELSE '' END,
    last_final_at = newest.started_at, last_pushed = newest.data_pushed,
    last_success_at = good.at, silent_since = coalesce(good.at, silent_since),
    running_since = running.at, running_code = running.code,
    health = CASE WHEN newest.outcome = 'failed' AND merchant.health = 'healthy' THEN 'failing' ELSE merchant.health END
FROM bench_shop
JOIN (
    SELECT merchant_id, max(day) AS newest,
        string_agg(CASE outcome WHEN 'synced' THEN 'w' WHEN 'empty' THEN 'n' WHEN 'failed' THEN 'f'
                   WHEN 'disconnected' THEN 'h' WHEN 'running' THEN 'r' ELSE 'g' END, '' ORDER BY day) AS letters
    FROM syncs_merchantday GROUP BY merchant_id
) AS strip ON strip.merchant_id = number
CROSS JOIN LATERAL (
    SELECT * FROM syncs_sync WHERE syncs_sync.merchant_id = number AND outcome <> 'running'
    ORDER BY started_at DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
    SELECT started_at AS at FROM syncs_sync
    WHERE syncs_sync.merchant_id = number AND outcome IN ('synced', 'empty') ORDER BY started_at DESC LIMIT 1
) AS good ON TRUE
CROSS JOIN LATERAL (
    SELECT min(started_at) AS since FROM syncs_sync
    WHERE syncs_sync.merchant_id = number AND outcome = 'failed' AND started_at > coalesce(good.at, '-infinity')
) AS bad
LEFT JOIN LATERAL (
    SELECT started_at AS at, code FROM syncs_sync
    WHERE syncs_sync.merchant_id = number AND outcome = 'running' LIMIT 1
) AS running ON TRUE
LEFT JOIN syncs_cause AS cause ON cause.id = newest.cause_id
WHERE merchant.id = number;

INSERT INTO syncs_syncrequest (
    merchant_id, kind, state, state_since, window_finish, window_answered, body, form_token, idempotency_key, asked_by_id,
    asked_at, reason, seen_overlap, route, books_confirmed, override_reason, outage_reason, priority, not_before, waiting_for, tries,
    looks, commerce_sync_id, sync_id, result, correlation_id, candidates, finished_at, version
)
SELECT merchant_id, 'latest', CASE outcome WHEN 'synced' THEN 'succeeded' WHEN 'empty' THEN 'succeeded_empty'
        ELSE 'failed' END,
    started_at, window_finish, FALSE, '{}', bench_uuid(sync.id, 4), bench_uuid(sync.id, 5),
    (SELECT min(id) FROM syncs_user), started_at - interval '1 minute', 'The merchant asked for it', '[]', '[]', FALSE, '', '',
    0, started_at, '', 1, 1, commerce_sync_id, sync.id, 'Finished: synced 1 day', '', '[]', final_seen, 5
FROM syncs_sync AS sync WHERE initiator = 'ours' AND outcome <> 'running';

INSERT INTO syncs_syncrequest (
    merchant_id, kind, state, window_finish, window_answered, body, form_token, idempotency_key, asked_by_id, reason,
    seen_overlap, route, books_confirmed, override_reason, outage_reason, priority, waiting_for, tries, looks, commerce_sync_id, result,
    correlation_id, candidates, version
)
SELECT number, 'latest', 'queued', now(), FALSE, '{}', bench_uuid(number, 6), bench_uuid(number, 7),
    (SELECT min(id) FROM syncs_user), 'The merchant asked for it', '[]', '[]', FALSE, '', '', 0, '', 0, 0, '', '', '', '[]', 0
FROM bench_shop WHERE health = 'failing' AND NOT archived ORDER BY number LIMIT 200;

SELECT setval(pg_get_serial_sequence(name, 'id'), 1000000000)
FROM unnest(ARRAY['syncs_merchant', 'syncs_cause']) AS name;
DROP TABLE bench_shop;
DROP FUNCTION bench_dice, bench_uuid, bench_pick;
