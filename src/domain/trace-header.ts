/** Header in which a trace travels with a record and with a bulk request (W3C Trace Context). */
export const TRACE_HEADER = 'traceparent';
