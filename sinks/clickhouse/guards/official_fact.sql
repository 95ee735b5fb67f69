-- The one rule by which an official is shown. His months are put together, from the first on, until they hold the least
-- number of opinions and of enterprises: a block. Then the next block begins. Whatever period is asked for, only whole
-- blocks count, so the difference of two periods is a number of whole blocks too: no period tells about fewer opinions.
-- A month counts when it is over, so that two days do not differ by one opinion. LIMIT keeps all rows, and keeps the conditions
-- of readers above it: else they would be asked about officials who are not shown, and could fail for one of them.
CREATE OR REPLACE VIEW official_fact AS
SELECT f.*, b.first_month AS block_start, addMonths(b.last_month, 1) AS block_end
FROM (SELECT *, toStartOfMonth(submitted_at, 'Asia/Ho_Chi_Minh') AS month FROM shown_fact WHERE target = 'OFFICIAL') AS f
INNER JOIN
(
    SELECT office, target_id, block.1 AS month, block.2 AS first_month, block.3 AS last_month
    FROM
    (
        SELECT office, target_id,
               arrayFold(
                   (known, one) -> arrayMap(
                       sum -> if(sum.1 >= minimum.1 AND length(sum.2) >= minimum.2,
                                 (toUInt64(0), emptyArrayString(), emptyArrayDate(),
                                  arrayConcat(sum.4, arrayMap(part -> (part, sum.3[1], one.1), sum.3))),
                                 sum),
                       [(known.1 + one.2, arrayDistinct(arrayConcat(known.2, one.3)), arrayPushBack(known.3, one.1), known.4)])[1],
                   arraySort(groupArray((month, n, tax_codes))),
                   (toUInt64(0), emptyArrayString(), emptyArrayDate(), CAST([], 'Array(Tuple(Date, Date, Date))'))).4 AS blocks
        FROM
        (
            SELECT office, target_id, toStartOfMonth(submitted_at, 'Asia/Ho_Chi_Minh') AS month, count() AS n,
                   groupUniqArrayIf(toString(tax_code), tax_code != '') AS tax_codes
            FROM shown_fact
            WHERE target = 'OFFICIAL' AND month < toStartOfMonth(now(), 'Asia/Ho_Chi_Minh')
            GROUP BY office, target_id, month
        ) AS m
        CROSS JOIN (SELECT (toUInt64(opinions), toUInt64(enterprises)) AS minimum FROM least_number) AS l
        GROUP BY office, target_id, minimum
    )
    ARRAY JOIN blocks AS block
) AS b ON f.office = b.office AND f.target_id = b.target_id AND f.month = b.month
LIMIT 9223372036854775807
COMMENT 'Opinions about officials in blocks of months that reach the least numbers';
