-- The oracle: what accepted inputs imply, as one batch computation. It shares no code with processors/.
-- Inputs: status_in, rating_in (one row an item), work (working windows, epoch ms), ranks (order of statuses).

CREATE TABLE status_won ENGINE = Memory AS
SELECT s.*, r.rank AS rank
FROM (SELECT * FROM status_in ORDER BY crc DESC LIMIT 1 BY declaration, event_id) AS s
INNER JOIN ranks AS r ON r.status = s.status;

CREATE TABLE item_sent ENGINE = Memory AS
SELECT DISTINCT *, (revision, crc) AS turn FROM rating_in;

CREATE TABLE sheet_now ENGINE = Memory AS
SELECT declaration, sheet_id, max(turn) AS last_turn, argMax(submitted_at, turn) AS as_of,
       max(submitted_at) AS until, argMax(tax_code, turn) AS claim, uniqExact(tax_code) > 1 AS changed_hands,
       argMax(comment, turn) != '' AS commented,
       argMinIf(submitted_at, turn, match(comment, '[\\p{L}\\p{N}]') AND (has_contact OR tax_code != '')) AS content_since
FROM item_sent GROUP BY declaration, sheet_id;

-- Whoever any content of any status names is entitled; a unit's tax code begins with the ten digits of its enterprise.
CREATE TABLE sheet_standing ENGINE = Memory AS
SELECT n.declaration AS declaration, n.sheet_id AS sheet_id,
       countIf(s.event_id != '' AND s.occurred_at <= n.until AS in_time) AS heard,
       multiIf(heard = 0, 'UNVERIFIED', any(n.claim) = '', 'UNSTATED',
               countIf(in_time AND s.tax_code != ''
                       AND if(length(s.tax_code) = 12, s.tax_code, left(s.tax_code, 10))
                           = if(length(n.claim) = 12, n.claim, left(n.claim, 10))) > 0, 'VERIFIED',
               countIf(in_time AND s.tax_code != '') > 0, 'FOREIGN', 'UNVERIFIED') AS standing,
       standing IN ('VERIFIED', 'UNSTATED') AS counts, counts OR (heard > 0 AND any(n.changed_hands)) AS may_have_counted
FROM sheet_now AS n
LEFT JOIN status_in AS s ON s.declaration = n.declaration
GROUP BY declaration, sheet_id;

CREATE TABLE known ENGINE = Memory AS
SELECT declaration, sheet_id, as_of, occurred_at, status, office, team, channel, kind, tax_code,
       (occurred_at, rank, crc) AS place
FROM sheet_now INNER JOIN status_won USING (declaration)
WHERE occurred_at <= as_of;

CREATE TABLE stood ENGINE = Memory AS
SELECT k.declaration AS declaration, k.sheet_id AS sheet_id, any(k.as_of) AS rated_at,
       argMax(k.office, k.place) AS declaration_office,
       argMaxIf(k.team, k.place, k.team != '') AS declaration_team,
       argMax(k.status, k.place) AS status,
       argMaxIf(k.channel, k.place, k.channel != '') AS channel,
       argMaxIf(k.kind, k.place, k.kind != '') AS kind,
       argMaxIf(k.tax_code, k.place, k.tax_code != '') AS tax_code,
       count() AS status_count,
       minIf(k.occurred_at, k.status = 'REGISTERED') AS registered_at,
       minIf(k.occurred_at, k.status IN ('STORAGE_PERMITTED', 'RELEASED', 'CLEARED')) AS permitted_at
FROM known AS k
GROUP BY k.declaration, k.sheet_id;

-- What each status means to each step: BEGIN opens a round, END ends one, OVER ends one and leaves nothing to begin.
CREATE TABLE meaning (step String, status String, channel String, what String) ENGINE = Memory;

INSERT INTO meaning VALUES
    ('documents', 'CHANNEL_ASSIGNED', 'YELLOW', 'BEGIN'), ('documents', 'CHANNEL_ASSIGNED', 'RED', 'BEGIN'),
    ('documents', 'CHANNEL_ASSIGNED', 'GREEN', 'END'), ('documents', 'STORAGE_PERMITTED', '*', 'END'),
    ('documents', 'DOCUMENTS_CHECKED', '*', 'OVER'), ('documents', 'RELEASED', '*', 'OVER'),
    ('documents', 'CLEARED', '*', 'OVER'), ('documents', 'CANCELLED', '*', 'OVER'),
    ('goods', 'INSPECTION_REQUIRED', '*', 'BEGIN'), ('goods', 'GOODS_INSPECTED', '*', 'END'),
    ('goods', 'INSPECTION_WITHDRAWN', '*', 'END'), ('goods', 'STORAGE_PERMITTED', '*', 'END'),
    ('goods', 'RELEASED', '*', 'OVER'), ('goods', 'CLEARED', '*', 'OVER'), ('goods', 'CANCELLED', '*', 'OVER'),
    ('clearance', 'REGISTERED', '*', 'BEGIN'), ('clearance', 'STORAGE_PERMITTED', '*', 'OVER'),
    ('clearance', 'RELEASED', '*', 'OVER'), ('clearance', 'CLEARED', '*', 'OVER'), ('clearance', 'CANCELLED', '*', 'OVER');

CREATE TABLE mark ENGINE = Memory AS
SELECT k.declaration AS declaration, k.sheet_id AS sheet_id, m.step AS step, m.what AS what, k.occurred_at AS at, k.as_of AS as_of
FROM known AS k INNER JOIN meaning AS m ON m.status = k.status
WHERE m.channel IN ('*', k.channel);

-- Each beginning with the first end that is not before it, the moment at which nothing is left to do, and the rating.
CREATE TABLE beginning ENGINE = Memory AS
SELECT b.declaration AS declaration, b.sheet_id AS sheet_id, b.step AS step, b.at AS at, any(b.as_of) AS as_of,
       minIf(e.at, e.what = 'OVER') AS over, minIf(e.at, e.what != 'BEGIN' AND e.at >= b.at) AS end
FROM (SELECT DISTINCT * FROM mark WHERE what = 'BEGIN') AS b
INNER JOIN mark AS e ON e.declaration = b.declaration AND e.sheet_id = b.sheet_id AND e.step = b.step
GROUP BY declaration, sheet_id, step, at;

-- Beginnings with one end are one round. One that comes when nothing is left to do counts only where none came in time.
CREATE TABLE round ENGINE = Memory AS
SELECT declaration, sheet_id, step, min(at) AS a, if(end = 0, any(as_of), end) AS b
FROM beginning WHERE over = 0 OR at <= over
GROUP BY declaration, sheet_id, step, end
UNION ALL
SELECT declaration, sheet_id, step, min(at) AS a, a AS b
FROM beginning GROUP BY declaration, sheet_id, step HAVING countIf(over = 0 OR at <= over) = 0;

-- The clock of a check stands still from the first request for a supplement to the first supplement after it.
CREATE TABLE wait ENGINE = Memory AS
SELECT declaration, sheet_id, any(as_of) AS as_of, minIf(occurred_at, status = 'CUSTOMS_INSTRUCTION') AS asked,
       arrayMin(arrayPushBack(arrayFilter(t -> t >= asked, groupArrayIf(occurred_at, status = 'AMENDED_BY_DECLARANT')), as_of)) AS supplied
FROM known GROUP BY declaration, sheet_id HAVING asked > 0;

-- A round that no window touches took no time, also where there is no window at all.
CREATE TABLE spent ENGINE = Memory AS
SELECT r.declaration AS declaration, r.sheet_id AS sheet_id, r.step AS step, r.a AS a,
       sum(greatest(0, least(w.to_ms, r.b) - greatest(w.from_ms, r.a))) AS worked,
       if(any(p.asked) = 0 OR step = 'clearance', 0,
          sum(greatest(0, least(w.to_ms, r.b, p.supplied) - greatest(w.from_ms, r.a, p.asked)))) AS waited
FROM round AS r
LEFT JOIN wait AS p ON p.declaration = r.declaration AND p.sheet_id = r.sheet_id
LEFT JOIN work AS w ON true
GROUP BY declaration, sheet_id, step, a;

CREATE TABLE minutes ENGINE = Memory AS
SELECT declaration, sheet_id, step, max(intDiv(worked - waited, 60000)) AS spent
FROM spent
GROUP BY declaration, sheet_id, step;

CREATE TABLE step_minutes ENGINE = Memory AS
SELECT declaration, sheet_id,
       anyIf(toNullable(toInt64(spent)), step = 'documents') AS document_minutes,
       anyIf(toNullable(toInt64(spent)), step = 'goods') AS goods_minutes,
       anyIf(toNullable(toInt64(spent)), step = 'clearance') AS clearance_minutes
FROM minutes GROUP BY declaration, sheet_id;

CREATE TABLE item_since ENGINE = Memory AS
SELECT declaration, sheet_id, target, office, target_id, score, argMin(submitted_at, turn) AS since
FROM item_sent
INNER JOIN (SELECT declaration, sheet_id FROM sheet_standing WHERE may_have_counted) AS g USING (declaration, sheet_id)
GROUP BY declaration, sheet_id, target, office, target_id, score;

CREATE TABLE item_last ENGINE = Memory AS
SELECT * FROM item_sent ORDER BY turn DESC LIMIT 1 BY declaration, sheet_id, target, office, target_id;

-- The words of each comment between two spaces, without the phrases that hide others.
CREATE TABLE comment_words ENGINE = Memory AS
SELECT comment,
       concat(' ', arrayStringConcat(extractAll(normalizeUTF8NFC(lowerUTF8(comment)), '[\\p{L}\\p{N}]+'), '  '), ' ') AS words,
       replaceRegexpAll(words, (SELECT pattern FROM pattern WHERE kind = 'NONE'), ' | ') AS left,
       arrayFilter(kind -> kind != '', [
           if(match(left, (SELECT pattern FROM pattern WHERE kind = 'PAYMENT')), 'PAYMENT', ''),
           if(match(left, (SELECT pattern FROM pattern WHERE kind = 'HARASSMENT')), 'HARASSMENT', '')]) AS allegations
FROM (SELECT DISTINCT comment FROM item_sent);

CREATE TABLE fact ENGINE = Memory AS
SELECT i.declaration AS declaration, i.sheet_id AS sheet_id, i.target AS target, i.office AS office, i.target_id AS target_id,
       multiIf(i.turn != n.last_turn, 'SUPERSEDED', s.status_count > 0, 'MATCHED', 'UNMATCHED') AS state,
       i.revision AS revision, i.submitted_at AS submitted_at, i.score AS score, i.reason AS reason,
       if(i.tax_code != '', i.tax_code, s.tax_code) AS tax_code,
       s.declaration_office AS declaration_office, s.declaration_team AS declaration_team, s.status AS status,
       s.channel AS channel, s.kind AS kind, s.status_count AS status_count,
       s.registered_at AS registered_at, s.permitted_at AS permitted_at,
       m.document_minutes AS document_minutes, m.goods_minutes AS goods_minutes, m.clearance_minutes AS clearance_minutes,
       multiIf(isNull(m.document_minutes) AND isNull(m.goods_minutes), NULL,
               coalesce(m.document_minutes, 0) <= 120 AND coalesce(m.goods_minutes, 0) <= 480) AS on_time,
       i.turn = n.last_turn AS current, g.standing AS standing, g.counts AND current AS counts,
       n.content_since AS content_since, w.allegations AS allegations
FROM item_last AS i
INNER JOIN sheet_standing AS g ON g.declaration = i.declaration AND g.sheet_id = i.sheet_id
INNER JOIN sheet_now AS n ON n.declaration = i.declaration AND n.sheet_id = i.sheet_id
INNER JOIN comment_words AS w ON w.comment = i.comment
LEFT JOIN stood AS s ON s.declaration = i.declaration AND s.sheet_id = i.sheet_id
LEFT JOIN step_minutes AS m ON m.declaration = i.declaration AND m.sheet_id = i.sheet_id;

CREATE TABLE complaint ENGINE = Memory AS
SELECT c.declaration AS declaration, c.sheet_id AS sheet_id, c.office AS office, c.opened_at AS opened_at,
       if(f.lowest BETWEEN 1 AND 2, 'OPENED', 'WITHDRAWN') AS state, f.lowest AS lowest_score,
       if(n.content_since > 0, 'FEEDBACK', 'SIGNAL') AS case_track, n.content_since AS content_since
FROM (SELECT declaration, sheet_id, office, min(since) AS opened_at FROM item_since WHERE score <= 2
      GROUP BY declaration, sheet_id, office) AS c
LEFT JOIN (SELECT declaration, sheet_id, office, min(score) AS lowest FROM fact WHERE counts
           GROUP BY declaration, sheet_id, office) AS f
       ON f.declaration = c.declaration AND f.sheet_id = c.sheet_id AND f.office = c.office
INNER JOIN sheet_now AS n ON n.declaration = c.declaration AND n.sheet_id = c.sheet_id;

CREATE TABLE remark ENGINE = Memory AS
SELECT f.declaration AS declaration, f.sheet_id AS sheet_id, f.office AS office, min(f.score) AS lowest_score
FROM fact AS f
INNER JOIN sheet_now AS n ON n.declaration = f.declaration AND n.sheet_id = f.sheet_id
WHERE f.counts AND n.commented AND (f.declaration, f.sheet_id, f.office) NOT IN (SELECT declaration, sheet_id, office FROM complaint)
GROUP BY declaration, sheet_id, office;

-- What the sheets of a declaration say about a target is one score: the lowest, of equal ones the last, sent with the last sheet.
CREATE TABLE said ENGINE = Memory AS
SELECT declaration, office, target, target_id, min(score) AS lowest, max(submitted_at) AS sent_at, argMin(reason, (score, -submitted_at, reason)) AS reason
FROM fact WHERE counts GROUP BY declaration, office, target, target_id;

CREATE TABLE pane ENGINE = Memory AS
SELECT target, office, target_id, intDiv(sent_at, 300000) * 300000 AS start,
       countIf(lowest = 1) AS n1, countIf(lowest = 2) AS n2, countIf(lowest = 3) AS n3,
       countIf(lowest = 4) AS n4, countIf(lowest = 5) AS n5
FROM said GROUP BY target, office, target_id, start;

CREATE TABLE satisfaction ENGINE = Memory AS
SELECT e.target AS target, e.office AS office, e.target_id AS target_id, e.start + 300000 AS window_end, w.window AS window,
       sum(p.n1) AS n1, sum(p.n2) AS n2, sum(p.n3) AS n3, sum(p.n4) AS n4, sum(p.n5) AS n5
FROM pane AS e
INNER JOIN pane AS p ON p.target = e.target AND p.office = e.office AND p.target_id = e.target_id
CROSS JOIN (SELECT arrayJoin([300000, 3600000, 86400000, 604800000, 2592000000]) AS window) AS w
WHERE p.start <= e.start AND p.start >= e.start + 300000 - w.window
GROUP BY target, office, target_id, window_end, window;

-- An opinion is what one enterprise says about one office by one declaration, in all its sheets: as bad as its lowest score.
CREATE TABLE office_opinion ENGINE = Memory AS
SELECT declaration, office, intDiv(max(submitted_at), 300000) * 300000 AS pane_start, min(score) AS lowest,
       max(tax_code) AS tax_code, groupUniqArrayIf((declaration, sheet_id), score <= 2) AS low_sheets
FROM fact WHERE counts GROUP BY declaration, office;

CREATE TABLE office_count ENGINE = Memory AS
SELECT office, pane_start, count() AS opinions, countIf(lowest <= 2) AS dissatisfied
FROM office_opinion GROUP BY office, pane_start;

CREATE TABLE office_part ENGINE = Memory AS
SELECT o.office AS office, o.pane_start AS pane_start, s.target AS target, s.target_id AS target_id, s.lowest AS lowest, s.reason AS reason
FROM office_opinion AS o INNER JOIN said AS s ON s.declaration = o.declaration AND s.office = o.office;
