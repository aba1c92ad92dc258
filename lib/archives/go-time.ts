import { z } from 'zod';

/** Go's decoder also accepts an hour of one digit, and a comma before the fraction. */
const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-](\d\d):(\d\d))$/;

/**
 * A time as Go's decoder reads it: RFC 3339, in the Gregorian calendar. Engines refuse any other, and containerd's
 * image store refuses it only after the load. The result is in the strict form.
 */
export const goTime: z.ZodType<string> = z.string().transform((text, context) => {
  const [whole, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction, zone = ''] =
    pattern.exec(text) ?? [];
  const [zoneHour = '0', zoneMinute = '0'] = zone.slice(1).split(':');
  const isTime =
    whole !== undefined &&
    isWithin(month, 1, 12) &&
    isWithin(day, 1, daysOf(Number(year), Number(month))) &&
    isWithin(hour, 0, 23) &&
    isWithin(minute, 0, 59) &&
    isWithin(second, 0, 59) &&
    isWithin(zoneHour, 0, 23) &&
    isWithin(zoneMinute, 0, 59);
  if (!isTime) {
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(text.slice(0, 50))} is not a time of RFC 3339`,
    });
    return z.NEVER;
  }
  const rest = fraction === undefined ? '' : `.${fraction}`;
  return `${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}${rest}${zone}`;
});

function isWithin(digits: string, least: number, most: number): boolean {
  return Number(digits) >= least && Number(digits) <= most;
}

/** The number of days of a month, 1 to 12. The calendar repeats every 400 years; `Date` misreads years below 100. */
function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
