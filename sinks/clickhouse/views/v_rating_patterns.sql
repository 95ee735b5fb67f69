-- Ways of rating that a reader of figures must know about. A pattern is a reason to look, not a finding: enterprises that meet
-- the same trouble at the same hour complain together too. Both thresholds are ours.
--   CAMPAIGN   ten enterprises or more are dissatisfied with an office within one hour.
--   STUFFING   one or two enterprises, all of whose opinions of a week are satisfied, give ten or more of them and two fifths of all.
CREATE OR REPLACE VIEW v_rating_patterns
(
    office           LowCardinality(String) COMMENT 'Office code; of the rated target',
    office_name      String                 COMMENT 'Vietnamese name of the office at the time of the row; empty: not in the reference data',
    pattern          String                 COMMENT 'CAMPAIGN: many enterprises dissatisfied within an hour; STUFFING: many satisfied opinions from one or two',
    pattern_from     DateTime64(3, 'UTC')   COMMENT 'When its first opinion was sent',
    pattern_until    DateTime64(3, 'UTC')   COMMENT 'When its last opinion was sent',
    pattern_opinions UInt64                 COMMENT 'Number of opinions that make the pattern',
    enterprises      UInt64                 COMMENT 'Number of distinct enterprises; behind the pattern, dependent units as part of theirs',
    pattern_share    Float64                COMMENT 'Share of the pattern in the opinions about the office, 0 to 1; of that local day or week',
    tax_codes        Array(String)          COMMENT 'Enterprises behind the pattern, sorted; at most twenty'
)
AS
SELECT p.office AS office, o.name_vi AS office_name, p.pattern AS pattern, p.pattern_from AS pattern_from,
       p.pattern_until AS pattern_until, p.n AS pattern_opinions, length(p.firms) AS enterprises,
       least(1, p.n / p.total) AS pattern_share, arraySlice(arraySort(p.firms), 1, 20) AS tax_codes
FROM
(
    SELECT office, pattern, pattern_from, pattern_until, n, firms, total, toDate(pattern_from, 'Asia/Ho_Chi_Minh') AS named_on
    FROM
    (
        SELECT office, 'CAMPAIGN' AS pattern, min(sent) AS pattern_from, max(sent) AS pattern_until, count() AS n,
               groupUniqArray(enterprise) AS firms, max(of_day) AS total
        FROM
        (
            -- Opinions of one crowd are no further apart than the hour that makes it.
            SELECT *, sum(apart) OVER (PARTITION BY office ORDER BY second, declaration ROWS UNBOUNDED PRECEDING) AS crowd
            FROM
            (
                SELECT *, second - lagInFrame(second, 1, 0) OVER (PARTITION BY office ORDER BY second, declaration
                              ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) > 3600 AS apart
                FROM
                (
                    -- In a crowd is what lies in some hour with ten enterprises: the fullest hour that ends up to an hour later.
                    SELECT *, max(crowded) OVER (PARTITION BY office ORDER BY second RANGE BETWEEN CURRENT ROW AND 3600 FOLLOWING) AS fullest
                    FROM
                    (
                        SELECT *, uniqExactIf(enterprise, enterprise != '') OVER (PARTITION BY office ORDER BY second
                                      RANGE BETWEEN 3600 PRECEDING AND CURRENT ROW) AS crowded
                        FROM
                        (
                            SELECT *, count() OVER (PARTITION BY office, toDate(sent, 'Asia/Ho_Chi_Minh')) AS of_day
                            FROM
                            (
                                SELECT f.office AS office, f.declaration AS declaration, max(f.submitted_at) AS sent,
                                       toUnixTimestamp(sent) AS second, min(f.score) AS level, max(f.tax_code) AS code,
                                       if(length(code) = 12, code, left(code, 10)) AS enterprise
                                FROM shown_fact AS f
                                GROUP BY f.office, f.declaration
                            )
                        )
                        WHERE level IN (SELECT score FROM v_rating_scale WHERE dissatisfied)
                    )
                )
                WHERE fullest >= 10
            )
        )
        GROUP BY office, crowd
        UNION ALL
        SELECT office, 'STUFFING', arrayMin(t -> t.3, top), arrayMax(t -> t.4, top), arraySum(t -> t.1, top) AS n,
               arrayMap(t -> t.2, top), total
        FROM
        (
            SELECT office, week, sum(opinions) AS total,
                   arraySlice(arrayReverseSort(groupArrayIf((opinions, enterprise, sent_first, sent_last), praising AND enterprise != '')), 1, 2) AS top
            FROM
            (
                SELECT office, toMonday(sent, 'Asia/Ho_Chi_Minh') AS week, enterprise, count() AS opinions, min(sent) AS sent_first,
                       max(sent) AS sent_last, min(level) IN (SELECT score FROM v_rating_scale WHERE satisfied) AS praising
                FROM
                (
                    SELECT f.office AS office, f.declaration AS declaration, max(f.submitted_at) AS sent, min(f.score) AS level,
                           max(f.tax_code) AS code, if(length(code) = 12, code, left(code, 10)) AS enterprise
                    FROM shown_fact AS f
                    GROUP BY f.office, f.declaration
                )
                GROUP BY office, week, enterprise
            )
            GROUP BY office, week
        )
        WHERE n >= 10 AND 5 * n >= 2 * total
    )
) AS p
ASOF LEFT JOIN reference_office AS o ON p.office = o.code AND p.named_on >= o.valid_from
COMMENT 'One row a campaign or a stuffing of ratings at an office; a reason to look, not a finding';
